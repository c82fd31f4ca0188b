/*
 * From a warm machine (images loaded, nothing deployed, the local cluster stopped) to a correct prediction with everything
 * else ready: `up`, and the same parts by hand. Needs what the end-to-end tests need.
 *
 *   npm run bench first_prediction [pairs] [runs of `up`]
 */
import { predict, servedModel } from "../cli/prediction.ts";
import { KubernetesClient } from "../local/support/kubernetesClient.ts";
import {
  api,
  cleanSlate,
  commandLine,
  kubeconfigPath,
  namespace,
  reasonToSkip,
} from "../test/e2e/support/platform.ts";
import { startTestCluster, stopTestCluster } from "../test/e2e/support/testCluster.ts";
import { type Comparison, inPairs, keep, say } from "./comparison.ts";
import { PartsByHand } from "./partsByHand.ts";
import { podMemory } from "./usage.ts";

const [pairs, runs] = [Number(process.argv[2] ?? 7), Number(process.argv[3] ?? 20)];
const modelServer = "http://127.0.0.1:31345";
const { up, mlops } = commandLine("bench", "--local-cluster", "--engine", "builtin");

interface Run {
  seconds: number;
  mebibytes: number;
}

/** What the served model predicts for its own example. */
async function prediction(): Promise<unknown> {
  const model = await servedModel(modelServer, 10);
  if (typeof model === "string") throw new Error(model);
  return (await predict(modelServer, model)).value;
}

async function deploy(): Promise<void> {
  if ((await up()).code !== 0) throw new Error("`up` failed, see above");
}

async function remove(): Promise<void> {
  await mlops("down", "--delete-data", "--yes");
}

async function measured(start: () => Promise<void>, end: () => Promise<void>): Promise<Run> {
  const started = performance.now();
  await start();
  const found = await prediction();
  const seconds = (performance.now() - started) / 1000;
  if (found !== expected)
    throw new Error(`predicted ${found as number}, not ${expected as number}`);
  const mebibytes = await podMemory(api());
  await end();
  say(`${seconds.toFixed(1)} s, pods with ${mebibytes.toFixed(0)} MiB`);
  return { seconds, mebibytes };
}

const reason = reasonToSkip();
if (reason) throw new Error(reason);
await cleanSlate();
await deploy(); // builds and loads what is missing
const expected = await prediction();
const client = await KubernetesClient.connect({ kubeconfig: kubeconfigPath, namespace });
const parts = await PartsByHand.of(client, api(), namespace);
await remove();

const byUp = () => measured(deploy, remove);
const byHand = () =>
  measured(
    async () => {
      await startTestCluster();
      await parts.deploy((part) => say(`by hand: ${part} is ready`));
    },
    async () => {
      await parts.delete();
      await stopTestCluster();
    },
  );
const [ours, theirs] = await inPairs(pairs, "first prediction", byUp, byHand);
const more: Run[] = [];
while (pairs + 1 + more.length < runs) more.push(await byUp());
await cleanSlate();

const memory = Math.max(...[...ours, ...more].map(({ mebibytes }) => mebibytes));
const comparisons: Comparison[] = [
  {
    what: "everything ready and a correct prediction",
    against: "the same parts by hand",
    unit: "s",
    ours: ours.map(({ seconds }) => seconds),
    theirs: theirs.map(({ seconds }) => seconds),
    moreIsBetter: false,
    target: 3,
  },
  {
    ...{ what: `most memory of all pods in ${runs} runs`, against: "the limit", unit: "MiB" },
    ...{ ours: [memory], theirs: [2048], moreIsBetter: false, target: 1 },
  },
];
keep("first_prediction", "From a warm machine to a prediction", comparisons, {
  upSeconds: [...ours, ...more].map(({ seconds }) => seconds),
  notes: [
    `The images are loaded, nothing is deployed, and the local cluster is stopped; both sides start it. All ${runs} runs of \`up\` ended in the same prediction, else there would be no figures here. \`up\` is the command with the built-in engine, until it ends. By hand are the same objects on the same cluster, one part after the other: Postgres, the migration and MLflow, a training, the model server, the page, Prometheus with Alertmanager. Each is awaited, with the first look and the interval of the readiness probe in its usual chart (5 and 10 s for Postgres, 10 and 30 s for MLflow, 30 and 5 s for Prometheus). Not counted: what a person needs to type, or to read.`,
    "Three times as fast is out of reach: of the 55 s that a deployment took (medians of 16 runs), Postgres (13), the migration of its tables (11), MLflow (8) and a training on it (19) took 51 s one after the other, and the cluster starts before it. Everything else happens meanwhile, and competes with Postgres for both cores in its first ten seconds. The waits by hand are as long on every machine, so the ratio depends on the machine: on one where `mlflow models serve` started in 5.7 s in place of 13.1 s, `up` took 42.1 s and the parts by hand 109 s, 2.57 times as long.",
  ],
});
