import type { Kube } from "../../e2e/support/kube.ts";

interface Pod {
  metadata: {
    name: string;
    namespace: string;
    deletionTimestamp?: string;
    ownerReferences?: { kind: string }[];
  };
  spec: { nodeName?: string; containers: { name: string; image: string }[] };
  status: { phase: string };
}

/**
 * Lets every pod run in name only, so that a whole platform comes up on an API server without an image or a machine:
 * nodes take no pods, and those that wait for one are written down as ready, those of Jobs as done.
 */
export async function pretendPods(api: Kube): Promise<{ stop(): Promise<void> }> {
  const nodesTakePods = async (areOpen: boolean) => {
    for (const { metadata } of await api.list("/api/v1/nodes")) {
      const spec = { unschedulable: areOpen ? null : true };
      await api.call("PATCH", `/api/v1/nodes/${metadata.name}`, { spec });
    }
  };
  await nodesTakePods(false);
  let isStopped = false;
  const rounds = (async () => {
    while (!isStopped) {
      // an API server that is busy is asked again in the next round
      await round(api).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return {
    stop: async () => {
      isStopped = true;
      await rounds;
      await nodesTakePods(true);
    },
  };
}

async function round(api: Kube): Promise<void> {
  const pods = (await api.list("/api/v1/pods")) as unknown as Pod[];
  const waiting = pods.filter(
    ({ metadata, spec, status }) =>
      spec.nodeName === undefined &&
      metadata.deletionTimestamp === undefined &&
      status.phase === "Pending",
  );
  for (const pod of waiting) {
    const { namespace, name } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    await api.call("PATCH", path, { status: statusOf(pod) });
  }
}

function statusOf({ metadata, spec }: Pod) {
  const isJob = metadata.ownerReferences?.some(({ kind }) => kind === "Job") === true;
  const now = new Date().toISOString();
  const ready = isJob ? "False" : "True";
  const conditions = [
    ["PodScheduled", "True"],
    ["Initialized", "True"],
    ["ContainersReady", ready],
    ["Ready", ready],
  ].map(([type, status]) => ({ type, status, lastTransitionTime: now }));
  const state = isJob
    ? { terminated: { exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now } }
    : { running: { startedAt: now } };
  const containerStatuses = spec.containers.map(({ name, image }) => ({
    name,
    image,
    imageID: "",
    restartCount: 0,
    ready: !isJob,
    started: !isJob,
    state,
  }));
  const phase = isJob ? "Succeeded" : "Running";
  return { phase, startTime: now, conditions, containerStatuses };
}
