import { type ServedModel, servedModel } from "../../../cli/prediction.ts";
import { sleep } from "../../../local/support/process.ts";
import { activeAlerts } from "../support/alerts.ts";
import { restartsOf } from "../support/kube.ts";
import { logAndRegister, registerModels } from "../support/models.ts";
import { api, cli, namespace, up } from "../support/platform.ts";
import { startTestCluster } from "../support/testCluster.ts";
import { waitUntil } from "../support/wait.ts";
import { isReplaced, killComponents, runningPods, scale } from "./clusterParts.ts";
import { expireCertificates } from "./expiredCertificate.ts";
import type { Fault, Platform } from "./fault.ts";
import { claims, fill, folderOf, makeVolumesSmall } from "./smallVolumes.ts";
import { killedUpload } from "./upload.ts";

const runbook = (name: string) => `[${name}](../runbooks/${name}.md)`;
const trouble = (title: string, anchor: string) => `[${title}](../troubleshooting.md#${anchor})`;

/** Whatever happens to the platform in the tests, in the order of the docs' table. */
export const faults: readonly Fault[] = [
  {
    name: "Every pod is killed, one after the other",
    cure: `Nothing: Kubernetes starts them again. ${runbook("KubePodCrashLooping")}`,
    happen: async () => {
      const pods = await runningPods();
      for (const pod of pods) {
        const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`;
        await api().call("DELETE", `${path}?gracePeriodSeconds=0`);
        await waitUntil(`${pod.metadata.name} is replaced`, 180, () => isReplaced(pod, pods));
      }
    },
  },
  {
    name: "containerd, the kubelet, etcd and the API server are killed",
    cure: `\`npm run up\` starts them again; elsewhere systemd does. ${trouble("The local cluster does not answer", "the-local-cluster-does-not-answer")}`,
    isSlow: true,
    unnoticed: ["predictions", "writes"],
    prepare: samePodsAfterwards,
    happen: async () => {
      await killComponents("containerd", "kubelet", "etcd", "kube-apiserver");
      const since = Date.now();
      await startTestCluster();
      return since;
    },
  },
  {
    name: "Postgres is away for 60 s",
    cure: `Nothing, or what the alert says: ${runbook("PostgresUnreachable")}`,
    unnoticed: ["predictions"],
    prepare: async () => {
      const samePods = await samePodsAfterwards();
      return async () => {
        await waitUntil("the alert is resolved", 120, async () => {
          return !(await activeAlerts()).includes("PostgresUnreachable");
        });
        await samePods();
      };
    },
    happen: async () => {
      await scale("statefulsets/postgres", 0);
      const end = Date.now() + 60_000;
      await waitUntil("Alertmanager has the alert", 120, async () => {
        return Date.now() > end && (await activeAlerts()).includes("PostgresUnreachable");
      });
      await scale("statefulsets/postgres", 1);
    },
  },
  {
    name: "The artifact store is full for 15 s",
    cure: `Make room: ${runbook("KubePersistentVolumeFillingUp")}`,
    isSlow: true,
    unnoticed: ["predictions"],
    prepare: makeVolumesSmall,
    happen: async () => {
      const makeRoom = await fill(await folderOf(claims.artifacts));
      await sleep(15_000);
      makeRoom();
    },
  },
  {
    name: "The disk of the database and of the artifacts is full for 15 s",
    cure: `Make room: ${trouble("The disk or a volume is full", "the-disk-or-a-volume-is-full")}, ${runbook("NodeFilesystemAlmostOutOfSpace")}`,
    unnoticed: ["predictions"],
    prepare: makeVolumesSmall,
    happen: async () => {
      const folders = await Promise.all(Object.values(claims).map(folderOf));
      const makeRoom = await Promise.all(folders.map(fill));
      await sleep(15_000);
      makeRoom.forEach((free) => free());
    },
  },
  {
    name: "MLflow is killed during an upload of 500 MB",
    cure: `Nothing: MLflow's client sends the file again. ${runbook("MlflowUnavailable")}`,
    unnoticed: ["predictions"],
    ...killedUpload(500),
  },
  {
    name: "The cluster's DNS is away for 30 s",
    cure: `\`npm run up\` starts it again; elsewhere Kubernetes does. ${trouble("The local cluster does not answer", "the-local-cluster-does-not-answer")}`,
    unnoticed: ["predictions"],
    happen: async () => {
      await killComponents("dns");
      await sleep(30_000);
      await startTestCluster();
    },
  },
  {
    name: "The API server is away for 20 s while `npm run up` deploys",
    cure: `Run \`npm run up\` again. ${trouble("The local cluster does not answer", "the-local-cluster-does-not-answer")}`,
    isSlow: true,
    unnoticed: ["predictions", "writes"],
    ...apiServerAway(20),
  },
  {
    name: "The aliases of three models are moved at once under load",
    cure: "Nothing: the version before answers until the new one does",
    unnoticed: ["predictions", "writes"],
    predictionPauseMs: 20,
    ...movedAliases(),
  },
  {
    name: "The certificate of the API server has expired",
    cure: `\`npm run up\` makes new ones for the local cluster, and restarts it. ${trouble("A certificate has expired", "a-certificate-has-expired")}`,
    isSlow: true,
    withinSeconds: 300, // every pod starts again
    happen: expireCertificates,
  },
];

/** Nothing restarts because something else was away. */
async function samePodsAfterwards(): Promise<() => Promise<void>> {
  const pods = async () =>
    (await runningPods())
      .map((pod) => [pod.metadata.name, pod.metadata.uid, restartsOf(pod)] as const)
      .filter(([name]) => name !== "postgres-0");
  const before = await pods();
  return async () => {
    const after = await pods();
    const ids = new Set(before.map(([, id]) => id));
    expect(after.filter(([, id]) => ids.has(id)).sort()).toEqual(before.sort());
  };
}

/** A change that is being deployed meets the outage; the next `up` finds what is left to do. */
function apiServerAway(seconds: number): Required<Pick<Fault, "prepare" | "happen">> {
  return {
    prepare: async () => async () => {
      expect((await up()).code).toBe(0);
    },
    happen: async () => {
      // a setting that restarts no pod which the clients watch
      const change = cli.start("up", ...cli.upOptions, "--config", "backupKeepDays=31");
      await waitUntil("`up` deploys", 240, () => change.output.stderr.includes("Updating "));
      await killComponents("kube-apiserver");
      await sleep(seconds * 1_000);
      await startTestCluster();
      const since = Date.now();
      await change.ended;
      return since;
    },
  };
}

/** New versions are promoted, then those before: recovery is counted from the second move. */
function movedAliases(): Required<Pick<Fault, "prepare" | "happen">> {
  let before: ServedModel[];
  let next: ServedModel[];
  const pointTo = (versions: ServedModel[], { tracking }: Platform) =>
    Promise.all(
      versions.map(({ name, alias, version }) =>
        tracking.call("registered-models/alias", { name, alias, version }),
      ),
    );
  const moveTo = async (versions: ServedModel[], platform: Platform) => {
    await pointTo(versions, platform);
    const since = Date.now();
    for (const [index, { servingUrl }] of platform.models.entries()) {
      await waitUntil(`${servingUrl} has followed`, 120, async () => {
        return (await served(servingUrl)).version === versions[index]!.version;
      });
    }
    return since;
  };
  return {
    prepare: async (platform) => {
      const { models, outputs } = platform;
      const variables = outputs["notebookEnv"] as unknown as Record<string, string>;
      const [{ constant }, xgboost, lightgbm] = await Promise.all([
        registerModels(variables, ["constant"], 1234),
        logAndRegister(outputs, "xgboost", "wine-xgboost", 30),
        logAndRegister(outputs, "lightgbm", "wine-lightgbm", 30),
      ]);
      const registered: Record<string, string> = {
        "diabetes-progression": constant,
        "wine-xgboost": xgboost.version,
        "wine-lightgbm": lightgbm.version,
      };
      before = await Promise.all(models.map(({ servingUrl }) => served(servingUrl)));
      next = before.map((model) => ({ ...model, version: registered[model.name]! }));
      // what comes later expects the versions from before, whatever has happened
      return async () => void (await pointTo(before, platform));
    },
    happen: async (platform) => {
      await moveTo(next, platform);
      return await moveTo(before, platform);
    },
  };
}

const served = async (url: string) => (await servedModel(url)) as ServedModel;
