import { metricsPort, pageListName, services } from "../components/core/services.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { loadKubeconfig } from "../local/support/loadKubeconfig.ts";
import { sleep } from "../local/support/process.ts";
import { reported } from "../local/support/progress.ts";
import type { ClusterAccess } from "./engine.ts";
import { forwardService } from "./portForward.ts";
import { modelsOf } from "./servedModels.ts";
import type { Settings } from "./stackSettings.ts";

const page = services.prediction.name;
const readMark = "mlops-platform/services-list";
const withinSeconds = 150;

/** An object's metadata, as far as it is used here. */
interface Metadata {
  readonly name: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly managedFields?: readonly { readonly time: string }[];
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Listed {
  readonly metadata: Metadata;
}

/**
 * Waits until every running pod of the prediction page has read the list of models, where that is newer than the pod. A
 * changed annotation has kubelet update the pod's files at once; left alone it does within two minutes.
 */
export async function awaitPageList(
  client: KubernetesClient,
  access: ClusterAccess,
  { config: { namespace, paused } }: Settings,
  outputs: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (paused) return;
  const core = `/api/v1/namespaces/${namespace}`;
  const list = await client.request("GET", `${core}/configmaps/${pageListName(page)}`);
  const { metadata } = list as unknown as Listed;
  const { resourceVersion } = metadata;
  const selector = `labelSelector=app.kubernetes.io/name=${page}`;
  const { items } = await client.request("GET", `${core}/pods?${selector}`);
  const pods = (items as unknown as Listed[]).map(({ metadata }) => metadata);
  const older = olderThan(metadata, pods);
  if (older.length === 0) return;
  const models = modelsOf(outputs).filter(({ pageUrl }) => pageUrl);
  const names = models.map(({ name }) => name);
  const kubeconfig = loadKubeconfig(access.kubeconfig, access.context);
  const refresh = async ({ name }: Metadata) => {
    const mark = { metadata: { annotations: { [readMark]: resourceVersion } } };
    const path = `${core}/pods/${name}`;
    // who may not change pods waits for kubelet
    await client.request("PATCH", path, mark, "application/merge-patch+json").catch(() => {});
    const pod = { name, port: metricsPort };
    const options = { kubeconfig, namespace, service: page, pod, port: metricsPort };
    const forwarding = await forwardService(options);
    try {
      return await knows(forwarding.port, names);
    } finally {
      await forwarding.close();
    }
  };
  await reported(
    "Waiting until the prediction page has read its list of models",
    async () => (await Promise.all(older.map(refresh))).every(Boolean),
    (all) => (all ? "" : "not yet; Kubernetes updates the file within two minutes"),
  );
}

/** The running pods that may have read an earlier list: the last change is not older than they are. */
export function olderThan(
  { resourceVersion, creationTimestamp, managedFields = [] }: Metadata,
  pods: readonly Metadata[],
): Metadata[] {
  const changes = [creationTimestamp, ...managedFields.map(({ time }) => time)];
  const lastChange = changes.sort().at(-1)!;
  return pods.filter(
    (pod) =>
      pod.deletionTimestamp === undefined &&
      pod.creationTimestamp <= lastChange &&
      pod.annotations?.[readMark] !== resourceVersion,
  );
}

/** Whether the pod behind a port knows all of these models before the time is up. */
export async function knows(
  port: number,
  models: readonly string[],
  seconds = withinSeconds,
): Promise<boolean> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(500)) {
    const known = await modelsKnownAt(port).catch((): string[] => []);
    if (models.every((model) => known.includes(model))) return true;
  }
  return false;
}

/** The models that have series there: the page has them as soon as it has read its list. */
async function modelsKnownAt(port: number): Promise<string[]> {
  const signal = AbortSignal.timeout(5_000);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal })).text();
  const labels = text.matchAll(/^prediction_app_sessions\{model=("(?:[^"\\]|\\.)*")\}/gm);
  return [...labels].map(([, label]) => JSON.parse(label!) as string);
}
