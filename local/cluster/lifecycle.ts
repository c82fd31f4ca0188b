import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { claimCache, ownsCache } from "../support/cache.ts";
import { messageOf, UserError } from "../support/errors.ts";
import { unmountBelow } from "../support/mounts.ts";
import { sleep } from "../support/process.ts";
import { apiClient, nodeProblem, serves } from "./api.ts";
import { createCgroups, removeCgroups } from "./cgroups.ts";
import { areCertificatesValid, ensureCertificates } from "./certificates.ts";
import { sandboxImage } from "./configs.ts";
import { components, type Component } from "./components.ts";
import { hasImage, importImages, writeProgramImage } from "./nodeImages.ts";
import { addresses, apiPort, mountedPaths, nodeName, type ClusterPaths } from "./clusterLayout.ts";
import {
  freeAddresses,
  mountState,
  removeFixedFiles,
  removeFolder,
  removeShimSockets,
  unmountState,
} from "./leftovers.ts";
import { checkNetworkIsFree, networkDown, networkUp } from "./nodeNetwork.ts";
import { applyClusterObjects } from "./objects.ts";
import {
  checkApiPortIsFree,
  checkDnsPortIsFree,
  hasState,
  portInUse,
  writeConfigs,
} from "./prepare.ts";
import {
  ended,
  isCurrent,
  killAll,
  listProcesses,
  otherCluster,
  runningComponents,
  signal,
  startComponent,
} from "./processes.ts";
import { ensurePrograms, type Programs } from "./programs.ts";
import { ensureRequirements } from "./requirements.ts";

type Report = (message: string) => void;

/** How long containers get to end before they are killed. */
const graceMilliseconds = 8_000;
const startMilliseconds = 180_000; // 10 s are usual; a machine that builds images meanwhile takes longer

/** Brings the cluster up from whatever state it is in: absent, stopped, killed, half running, running. */
export async function start(paths: ClusterPaths, report: Report): Promise<void> {
  const other = otherCluster(paths);
  if (other) {
    throw new UserError(
      `Another local cluster runs on this machine, with its data in ${JSON.stringify(other)}; end it first: run \`npm run down -- --cluster\` with the MLOPS_CACHE_DIR and user that started it`,
    );
  }
  claimCache(paths.root);
  await ensureRequirements(report);
  const programs = await ensurePrograms(paths.programs, report);

  const running = runningComponents(paths);
  const port = running.size > 0 ? await portInUse(paths) : apiPort();
  const { foundation, rest } = components(mountedPaths(paths), programs, port);
  const all = [...foundation, ...rest];
  const needsCertificates = running.size > 0 && !areCertificatesValid(paths.pki);
  if (running.size > 0 && !needsCertificates && all.every((one) => isCurrent(one, running))) {
    if ((await problemOf(paths)) === undefined) return;
  } else {
    // the programs read their certificates when they start
    report(
      needsCertificates
        ? "restarting with new certificates, because the old ones have expired or soon will"
        : `clearing what an earlier ${running.size > 0 ? "version" : "start"} left behind`,
    );
    await stop(paths, report);
    await checkNetworkIsFree();
    await checkApiPortIsFree(port);
  }
  report("preparing network and certificates");
  await Promise.all([networkUp(paths, port), createCgroups(), ensureCertificates(paths.pki)]);
  await mountState(paths.state);
  await writeConfigs(paths, port);

  report("starting etcd, containerd and the API server");
  startMissing(paths, foundation);
  const api = apiClient(paths, port);
  await Promise.all([
    until(paths, foundation, "the API server", () =>
      unless(serves(api, "/readyz"), "it does not answer"),
    ),
    ensureSandboxImage(paths, foundation, programs),
  ]);
  report("starting the node");
  if (!runningComponents(paths).has("dns")) await checkDnsPortIsFree();
  const since = Date.now();
  await applyClusterObjects(api, paths);
  startMissing(paths, rest);
  await until(paths, all, "the node", () => problemOf(paths, since));
}

/** Containers get a signal and some time to end; the rest of the cluster needs none. */
export async function stop(paths: ClusterPaths, report: Report): Promise<void> {
  if (otherCluster(paths)) return; // then nothing of this one runs
  const running = listProcesses();
  report("stopping pods");
  const named = (...names: string[]) =>
    running.filter(({ component }) => component !== undefined && names.includes(component));
  // None of these may start containers again. Their state is in etcd.
  signal(named("kubelet", "kube-controller-manager", "kube-scheduler"), "SIGKILL");
  signal(
    running.filter(({ isContainerInit }) => isContainerInit),
    "SIGTERM",
  );
  await ended(({ state }) => state === undefined, graceMilliseconds);
  signal(named("kube-apiserver"), "SIGKILL"); // it stores nothing, and would wait for its watchers
  signal(named("etcd", "containerd"), "SIGTERM");
  await ended(({ component }) => component === "etcd" || component === "containerd", 3_000);
  report("clearing processes, mounts, network and control groups");
  await clear(paths);
}

export async function remove(
  paths: ClusterPaths,
  report: Report,
  options: { programs: boolean },
): Promise<void> {
  await stop(paths, report);
  if (!ownsCache(paths.root)) return;
  report("deleting data");
  await removeFolder(paths.state);
  if (options.programs) await rm(paths.programs, { recursive: true, force: true });
}

/**
 * Removes everything that a run may leave behind, except the data. Afterwards the machine is as it was
 * before the start.
 */
async function clear(paths: ClusterPaths): Promise<void> {
  await killAll();
  await removeShimSockets(paths);
  await unmountState();
  if (ownsCache(paths.root)) {
    await unmountBelow(paths.state);
    await Promise.all([removeFolder(paths.run), freeAddresses(paths.addressLeases)]);
  }
  await Promise.all([networkDown(paths), removeCgroups(), removeFixedFiles(paths)]);
}

export type ClusterState = "absent" | "stopped" | "incomplete" | "running";

/** The state of the cluster, and why an existing one takes no pods. */
export async function stateOf(
  paths: ClusterPaths,
): Promise<{ state: ClusterState; problem?: string }> {
  const problem = await problemOf(paths);
  if (problem === undefined) return { state: "running" };
  if (runningComponents(paths).size > 0) return { state: "incomplete", problem };
  return { state: hasState(paths) ? "stopped" : "absent" };
}

const componentCount = 11;

/** Why not every component runs, the node takes no pods, names do not resolve or loads are not measured. */
async function problemOf(paths: ClusterPaths, since = 0): Promise<string | undefined> {
  const { size } = runningComponents(paths);
  if (size < componentCount) return `${size} of its ${componentCount} processes run`;
  const api = apiClient(paths, await portInUse(paths));
  const problems = await Promise.all([
    nodeProblem(api, nodeName, since),
    unless(isDnsReady(), "its DNS does not answer"),
    unless(serves(api, "/apis/metrics.k8s.io/v1beta1"), "metrics-server does not answer"),
  ]);
  return problems.find((problem) => problem !== undefined);
}

const unless = async (isReady: Promise<boolean>, problem: string) =>
  (await isReady) ? undefined : problem;

const isDnsReady = () =>
  fetch(`http://${addresses.node}:8181/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

function startMissing(paths: ClusterPaths, wanted: Component[]): void {
  const running = runningComponents(paths);
  for (const component of wanted) {
    if (!running.has(component.name)) startComponent(paths, component);
  }
}

async function ensureSandboxImage(
  paths: ClusterPaths,
  foundation: Component[],
  programs: Programs,
): Promise<void> {
  let isThere = false;
  await until(paths, foundation, "containerd", () =>
    hasImage(sandboxImage, paths).then((has) => {
      isThere = has;
      return undefined;
    }, messageOf),
  );
  if (isThere) return;
  const archive = join(paths.run, "pause.tar");
  await writeProgramImage(programs.pause, sandboxImage, archive);
  await importImages(archive, paths);
}

/** Waits until there is no problem any more, as long as all required processes are running. */
async function until(
  paths: ClusterPaths,
  needed: Component[],
  what: string,
  problemNow: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = Date.now() + startMilliseconds;
  for (let problem = await problemNow(); problem !== undefined; problem = await problemNow()) {
    const running = runningComponents(paths);
    const gone = needed.find(({ name }) => !running.has(name));
    if (gone) throw new Error(`${gone.name} ended:\n${await logTail(paths, gone.name)}`);
    if (Date.now() > deadline) {
      throw new UserError(
        `${what} was not ready after ${startMilliseconds / 1000} s: ${problem}; the logs are in ${paths.log}`,
      );
    }
    await sleep(150);
  }
}

async function logTail(paths: ClusterPaths, name: string): Promise<string> {
  const file = join(paths.log, `${name}.log`);
  const text = await readFile(file, "utf8").catch(() => "");
  return [...text.trimEnd().split("\n").slice(-10), `(from ${file})`].join("\n");
}
