import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePrograms } from "../../../local/cluster/programs.ts";
import { ensureCertificates } from "../../../local/cluster/certificates.ts";
import { type Component, components } from "../../../local/cluster/components.ts";
import { clusterPaths } from "../../../local/cluster/clusterLayout.ts";
import { writeConfigs } from "../../../local/cluster/prepare.ts";
import { type Kube, kube } from "../../e2e/support/kube.ts";
import { waitUntil } from "../../e2e/support/wait.ts";

/** A Kubernetes API server with its controllers and no node: nothing runs on it, but everything can be deployed. */
export interface ControlPlane {
  readonly kubeconfig: string;
  readonly api: Kube;
  stop(): Promise<void>;
}

/** Starts one from the local cluster's programs, next to whatever else runs. It needs no rights. */
export async function startControlPlane(): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), "mlops-api-"));
  const paths = clusterPaths(folder);
  const port = await freePort();
  const report = (step: string) => process.stderr.write(`    ${step}\n`);
  const programs = await ensurePrograms(clusterPaths().programs, report);
  await ensureCertificates(paths.pki);
  await writeConfigs(paths, port);
  const { foundation, rest } = components(paths, programs, port);
  const api = kube(paths.kubeconfig);
  const processes: ChildProcess[] = [];
  const start = (all: Component[], ...names: string[]) => {
    for (const { command, args, env } of all.filter(({ name }) => names.includes(name))) {
      const local = args.map((word) => (word === "--bind-address=0.0.0.0" ? loopback : word));
      const options = { cwd: paths.run, env: { ...withoutProxies, ...env } };
      processes.push(spawn(command, local, { ...options, stdio: "ignore" }));
    }
  };
  const stop = async () => {
    for (const child of processes.toReversed()) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    start(foundation, "etcd", "kube-apiserver");
    await waitUntil("the API server is ready", 60, async () => (await ready(api)) === 200);
    start(rest, "kube-controller-manager");
    // claims wait for pods, which never come
    await api.call("POST", "/apis/storage.k8s.io/v1/storageclasses", {
      metadata: {
        name: "standard",
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: "mlops-test/nothing",
      volumeBindingMode: "WaitForFirstConsumer",
    });
    const account = "/api/v1/namespaces/default/serviceaccounts/default";
    await waitUntil("the controllers are ready", 60, () => api.get(account));
  } catch (error) {
    await stop();
    throw error;
  }
  return { kubeconfig: paths.kubeconfig, api, stop };
}

const loopback = "--bind-address=127.0.0.1";

const withoutProxies = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)),
);

const ready = async (api: Kube) => (await api.call("GET", "/api/v1/namespaces/kube-system")).status;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on("exit", () => resolve());
    child.kill("SIGKILL");
  });
