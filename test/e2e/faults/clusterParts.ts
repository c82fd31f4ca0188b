import { readFileSync } from "node:fs";
import { listProcesses, type OwnProcess } from "../../../local/cluster/processes.ts";
import { type Kube, type KubeObject, isReady } from "../support/kube.ts";
import { api, namespace } from "../support/platform.ts";
import { waitUntil } from "../support/wait.ts";

/** A large process takes a moment to go, and counts as one that runs until then. */
async function kill(processes: OwnProcess[]): Promise<void> {
  if (processes.length === 0) throw new Error("there is no such process to kill");
  processes.forEach(({ pid }) => process.kill(pid, "SIGKILL"));
  await waitUntil("the killed processes are gone", 30, () =>
    processes.every(({ pid }) => listProcesses().every((one) => one.pid !== pid)),
  );
}

/** Kills processes of the local cluster by the names of their components. Nothing starts them again but `startTestCluster`. */
export async function killComponents(...names: string[]): Promise<void> {
  await kill(listProcesses().filter(({ component }) => component && names.includes(component)));
}

/** Kills the first process of the containers whose command line matches; the kubelet starts them again. */
export async function killContainers(command: RegExp): Promise<void> {
  const matches = ({ pid }: OwnProcess) =>
    command.test(readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
  await kill(listProcesses().filter((one) => one.isContainerInit && matches(one)));
}

export const workloadPath = (workload: string) =>
  `/apis/apps/v1/namespaces/${namespace}/${workload}`;

/** Scales, for example `statefulsets/postgres`, and waits until there are as many pods as that. */
export async function scale(workload: string, replicas: number): Promise<void> {
  const path = workloadPath(workload);
  const { status } = await api().call("PATCH", `${path}/scale`, { spec: { replicas } });
  if (status !== 200) throw new Error(`${workload} cannot be scaled: ${status}`);
  await waitUntil(`${workload} has ${replicas} pods`, 120, async () => {
    const { spec, status } = (await api().get(path)) as Workload;
    if (replicas > 0) return status.readyReplicas === replicas;
    const labels = Object.entries(spec.selector.matchLabels).map(
      ([key, value]) => `${key}=${value}`,
    );
    const query = new URLSearchParams({ labelSelector: labels.join(",") }).toString();
    return (await api().list(`/api/v1/namespaces/${namespace}/pods?${query}`)).length === 0;
  });
}

type Workload = KubeObject & {
  spec: { selector: { matchLabels: Record<string, string> } };
  status: { readyReplicas?: number };
};

/** Name of the tracking server's Deployment, which has its version in it. */
export async function trackingDeployment(): Promise<string> {
  const found = await api().list(workloadPath("deployments"));
  const { metadata } = found.find((one) => /^mlflow-\d/.test(one.metadata.name))!;
  return `deployments/${metadata.name}`;
}

/** The running pods, in any state. */
export const runningPods = async (kube: Kube = api()): Promise<KubeObject[]> =>
  (await kube.pods(namespace)).filter(({ status }) => status?.phase === "Running");

/** The killed pod is gone, and as many pods of its kind are ready as before. */
export async function isReplaced(killed: KubeObject, before: KubeObject[]): Promise<boolean> {
  const now = await api().pods(namespace);
  if (now.some(({ metadata }) => metadata.uid === killed.metadata.uid)) return false;
  const kind = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/name"];
  const wanted = before.filter((pod) => kind(pod) === kind(killed)).length;
  return now.filter((pod) => kind(pod) === kind(killed) && isReady(pod)).length >= wanted;
}
