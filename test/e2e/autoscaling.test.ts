import { modelService } from "../../components/index.ts";
import { servedModel, type ServedModel } from "../../cli/prediction.ts";
import { modelsOf } from "../../cli/servedModels.ts";
import { sleep } from "../../local/support/process.ts";
import { platformOf } from "./faults/measure.ts";
import { startPredictors } from "./faults/predictors.ts";
import { forwarded } from "./support/forwarded.ts";
import { isReady } from "./support/kube.ts";
import { startMetricsAdapter } from "./support/metricsAdapter.ts";
import { registerModels } from "./support/models.ts";
import {
  api,
  cleanSlate,
  mlops,
  models,
  namespace,
  outputs,
  reasonToSkip,
  up,
  withModels,
} from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

// A model server that grows and shrinks under load, on its own platform: `npm test -- autoscaling`.

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;
const name = "diabetes-progression";
const waiting = "waiting";
const ofServer = (model: string) =>
  `labelSelector=app.kubernetes.io/instance=${modelService(model)}`;

const scaled = (autoscaling: object) =>
  up(...withModels({ ...models, [name]: { autoscaling: { ...autoscaling, maxReplicas: 3 } } }));

async function readyPods(model = name): Promise<string[]> {
  const pods = await api().list(`/api/v1/namespaces/${namespace}/pods?${ofServer(model)}`);
  return pods.filter(isReady).map(({ metadata }) => metadata.name);
}

/** CPU of its pods, all together, in thousandths of a core, as metrics-server has measured it last. */
async function cpuOfServer(): Promise<number> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?${ofServer(name)}`;
  const { body } = await api().call("GET", path);
  const { items } = body as { items: { containers: { usage: { cpu: string } }[] }[] };
  const cpus = items.flatMap(({ containers }) => containers.map(({ usage }) => usage.cpu));
  return cpus.map((cpu) => Number.parseInt(cpu, 10) / 1e6).reduce((sum, one) => sum + one, 0);
}

function noneFailed(loads: { made: number; failed: object }[]): void {
  console.log(`predictions made and failed: ${JSON.stringify(loads)}`);
  for (const { made, failed } of loads) {
    expect(made).toBeGreaterThan(100);
    expect(failed).toEqual({});
  }
}

/** Registers a model that waits, under its own name, and has it served. */
async function promoteWaiting(): Promise<void> {
  const found = await outputs();
  const env = found["notebookEnv"] as unknown as Record<string, string>;
  const registered = await registerModels({ ...env, MODEL_NAME: waiting }, ["waiting"]);
  const version = registered.waiting;
  const alias = { name: waiting, alias: env["MODEL_ALIAS"], version };
  await platformOf(found).tracking.call("registered-models/alias", alias);
}

suite(`a model server with autoscaling${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(40 * 60_000);

  beforeAll(async () => {
    await cleanSlate();
    const { code } = await scaled({ targetCpuPercent: 1000 });
    if (code !== 0) throw new Error("`up` failed, see above");
  });
  afterAll(() => mlops("down", "--cluster", "--keep-cache", "--yes"));

  test("half as much load again starts a second pod, its end removes it, and no request fails", async () => {
    const { servingUrl } = modelsOf(await outputs()).find((one) => one.name === name)!;
    const model = (await servedModel(servingUrl)) as ServedModel;
    const load = () => startPredictors(servingUrl, model, 50);
    const usual = [load(), load()];
    const half = { made: 0, failed: {} };
    try {
      await sleep(60_000); // until what is measured is this load alone
      const used = await cpuOfServer();
      // of 100m requested; the usual load is then 0.85 of the target, and 1.5 times as much 1.28
      const { code } = await scaled({
        targetCpuPercent: Math.round(used / 0.85),
        scaleDownSeconds: 15,
      });
      expect(code).toBe(0);
      await sleep(60_000);
      expect(await readyPods()).toHaveLength(1);

      const more = load();
      await waitUntil("a second pod is ready", 180, async () => (await readyPods()).length === 2);
      await sleep(30_000);
      Object.assign(half, await more.stop());
      await waitUntil("it is gone", 240, async () => (await readyPods()).length === 1);
      await sleep(10_000); // until its process has ended
    } finally {
      noneFailed([half, ...(await Promise.all(usual.map((one) => one.stop())))]);
    }
  });

  test("so do requests in flight, with a model that waits and takes no CPU", () =>
    forwarded("prometheus", async (prometheusUrl) => {
      const adapter = await startMetricsAdapter(prometheusUrl);
      const loads: ReturnType<typeof startPredictors>[] = [];
      try {
        const settings = {
          nodePort: 31348,
          allowPickle: true,
          autoscaling: {
            targetRequestsInFlight: 2,
            targetCpuPercent: 1000,
            maxReplicas: 3,
            scaleDownSeconds: 15,
          },
        };
        const { code, stderr } = await up(...withModels({ ...models, [waiting]: settings }));
        expect(code).toBe(0);
        expect(stderr).not.toContain("custom.metrics.k8s.io");
        await promoteWaiting();
        const { servingUrl } = modelsOf(await outputs()).find((one) => one.name === waiting)!;
        const model = await waitUntil("it is served", 120, async () => {
          const served = await servedModel(servingUrl);
          return typeof served !== "string" && served;
        });
        const load = () => loads.push(startPredictors(servingUrl, model, 50));
        // two clients that nearly always wait for an answer: 0.9 of the target
        load();
        await sleep(120_000);
        expect(await readyPods(waiting)).toHaveLength(1);

        load();
        await waitUntil("a second pod", 240, async () => (await readyPods(waiting)).length === 2);
        await sleep(60_000);
        expect(await readyPods(waiting)).toHaveLength(2);
        noneFailed([await loads.pop()!.stop()]);
        await waitUntil("it is gone", 300, async () => (await readyPods(waiting)).length === 1);
        await sleep(10_000);
      } finally {
        noneFailed(await Promise.all(loads.map((one) => one.stop())));
        await adapter.close();
      }
    }));
});
