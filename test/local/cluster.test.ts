import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient } from "../../local/cluster/api.ts";
import {
  clusterStatus,
  deleteCluster,
  hasImage,
  importImages,
  startCluster,
  stopCluster,
} from "../../local/cluster/index.ts";
import { clusterPaths } from "../../local/cluster/layout.ts";
import { mountsBelow } from "../../local/cluster/leftovers.ts";
import { listProcesses, signal } from "../../local/cluster/processes.ts";
import { ensureRequirements } from "../../local/cluster/requirements.ts";
import { cacheRoot, claimCache } from "../../local/support/cache.ts";
import { run, which } from "../../local/support/process.ts";
import {
  askProbe,
  deployProbe,
  probeGroup,
  probeImage,
  writeProbeArchive,
} from "./clusterProbe.ts";

/** Why the cluster cannot be tried here, if it cannot. */
function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  const other = listProcesses().find(({ state }) => state !== undefined)?.state;
  if (other) return `a local cluster runs already, from ${other}`;
  if (!which("go")) return "needs Go";
  return undefined;
}

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;

/** A port that nobody listens on; with it given, listens there until the returned function is called. */
async function listen(port = 0): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Everything on the machine that a cluster might leave behind. Chains that iptables itself makes are left out. */
async function machine() {
  const rules = (await run("iptables-save", [])) + (await run("ip6tables-save", []));
  const links = JSON.parse(await run("ip", ["-json", "link"])) as { ifname: string }[];
  const fixedFolders = ["/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/opt/containerd"];
  const mounted = readFileSync("/proc/self/mountinfo", "utf8");
  const groups = readdirSync("/sys/fs/cgroup").map((name) => join("/sys/fs/cgroup", name));
  return {
    rules: rules.split("\n").filter((line) => /^-A|^:(KUBE|MLOPS|CNI)/.test(line)),
    links: links.map(({ ifname }) => ifname).sort(),
    routes: await run("ip", ["route"]),
    namespaces: await run("ip", ["netns", "list"]),
    mounts: [...fixedFolders, "/run/netns"].flatMap((folder) => mountsBelow(folder, mounted)),
    forwarding: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
    overcommit: readFileSync("/proc/sys/vm/overcommit_memory", "utf8"),
    panic: readFileSync("/proc/sys/kernel/panic", "utf8"),
    localnet: readFileSync("/proc/sys/net/ipv4/conf/all/route_localnet", "utf8"),
    groups: groups.flatMap((path) => [path, join(path, "mlops-local")]).filter(existsSync),
    files: fixedFolders.filter(existsSync),
    podLogs: existsSync("/var/log/containers"),
    processes: listProcesses(),
  };
}

suite(`the local cluster${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(45 * 60_000); // the first start builds Kubernetes

  const before = process.env;
  const folder = mkdtempSync(join(tmpdir(), "mlops-cluster-"));
  const root = cacheRoot({ MLOPS_CACHE_DIR: folder });
  const paths = clusterPaths(root);
  let port: number;
  let machineBefore: Awaited<ReturnType<typeof machine>>;

  beforeAll(async () => {
    await ensureRequirements(console.error); // what looks at the machine comes with the packages
    await run("iptables-save", []); // loads its kernel modules
    const built = clusterPaths(claimCache()).binaries;
    await mkdir(built, { recursive: true });
    claimCache(root);
    symlinkSync(built, join(root, "bin")); // nothing is built twice
    const free = await listen();
    await free.close();
    port = free.port;
    process.env = { ...before, MLOPS_CACHE_DIR: folder, MLOPS_API_PORT: String(port) };
    machineBefore = await machine();
  });

  afterAll(async () => {
    await deleteCluster();
    process.env = before;
    rmSync(folder, { recursive: true, force: true });
  });

  test("says which port is taken, and how to choose another", async () => {
    const taken = await listen(port);
    await expect(startCluster()).rejects.toThrow(
      new RegExp(`^Port ${port}, .* is already taken; .*MLOPS_API_PORT=6443$`),
    );
    await taken.close();
  });

  test("starts, and two starts at once become one cluster", async () => {
    const waits: string[] = [];
    const first = startCluster();
    const second = startCluster({ onProgress: (message) => waits.push(message) });
    const handle = await first;
    expect(await second).toEqual(handle);
    expect(handle).toEqual({
      kubeconfig: join(root, "cluster/kubeconfig"),
      context: "mlops-local",
      nodeAddress: "127.0.0.1",
    });
    expect(waits).toContain(
      `waiting for process ${process.pid}, which is starting the local cluster`,
    );
    expect((await clusterStatus()).state).toBe("running");
  });

  test("returns within a second when it runs already", async () => {
    const started = Date.now();
    await startCluster();
    expect(Date.now() - started).toBeLessThan(1_000);
  });

  test("runs a restricted pod with a volume, a NodePort and DNS", async () => {
    expect(await hasImage(probeImage)).toBe(false);
    await importImages(await writeProbeArchive(root));
    expect(await hasImage(probeImage)).toBe(true);
    await deployProbe(apiClient(paths, port));

    expect(await askProbe("value", "kept")).toBe("written");
    expect(await askProbe("volume-group")).toBe(probeGroup);
    expect(await askProbe("lookup/probe")).toMatch(/^\[10\.96\.\d+\.\d+\]$/);
    expect(await askProbe("lookup/probe.probe.svc.cluster.local")).toMatch(/^\[10\.96\./);
    expect(await askProbe("dial/probe:80")).toBe("connected");
    expect(await askProbe("dial/kubernetes.default:443")).toBe("connected");
  });

  test("sends nothing for an unknown service or pod to the machine's network", async () => {
    expect(await run("ip", ["route", "get", "10.96.200.200"])).toContain("dev mlops-node");
    expect(await run("ip", ["route", "get", "10.244.7.7"])).toContain("dev mlops-node");
    expect(await askProbe("dial/10.96.200.200:80")).toMatch(/no route to host|timed out/);
  });

  test("keeps secrets, keys and the kubeconfig from other users", async () => {
    const readable = await run("find", [paths.state, "-maxdepth", "0", "-perm", "/go=rwx"]);
    expect(readable).toBe("");
    const keys = ["-perm", "/go=rwx", "(", "-name", "*.key", "-o", "-name", "*kubeconfig", ")"];
    expect(await run("find", [paths.pki, paths.config, paths.kubeconfig, ...keys])).toBe("");
  });

  test("mends a component that ended, without touching the pods", async () => {
    const apiserver = listProcesses().filter(({ component }) => component === "kube-apiserver");
    const pods = listProcesses().filter(({ state }) => state === undefined);
    signal(apiserver, "SIGKILL");
    await startCluster();
    expect(listProcesses().filter(({ state }) => state === undefined)).toEqual(pods);
    expect(await askProbe("value")).toBe("kept");
  });

  test("starts after everything was killed at once, with the data intact", async () => {
    signal(listProcesses(), "SIGKILL");
    await startCluster();
    expect(await askProbe("value")).toBe("kept");
    expect(await askProbe("lookup/probe")).toMatch(/^\[10\.96\./);
  });

  test("stops within 15 seconds and keeps the data", async () => {
    const started = Date.now();
    await stopCluster();
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(await machine()).toEqual(machineBefore);
    expect((await clusterStatus()).state).toBe("stopped");
    await expect(importImages("any.tar")).rejects.toThrow(/is not running; start it with/);

    await startCluster();
    expect(await askProbe("value")).toBe("kept");
  });

  test("leaves nothing behind when it is deleted", async () => {
    await deleteCluster();
    expect(await machine()).toEqual(machineBefore);
    expect(mountsBelow(root, readFileSync("/proc/self/mountinfo", "utf8"))).toEqual([]);
    expect(readdirSync(root).filter((name) => name.startsWith("cluster"))).toEqual([]);
    expect((await clusterStatus()).state).toBe("absent");
  });
});
