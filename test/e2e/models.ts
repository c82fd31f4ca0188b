import { type Mlflow, mlflow } from "../../cli/mlflow.ts";
import { predict, servedModel, type ServedModel } from "../../cli/prediction.ts";
import { restartsOf } from "./support/kube.ts";
import { keepPredicting } from "./support/load.ts";
import { registerModels } from "./support/models.ts";
import { api as kubernetes, namespace } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

const broken = [
  ["pickled", /pickle/],
  ["unsigned", /signature/],
  ["crashing", /crashes \(SIGSEGV\)/],
  ["oversized", /more memory than the \d+ MiB/],
] as const;

/** What happens to predictions while people move the alias. */
export function describeModels(outputs: () => Record<string, string>): void {
  const serving = () => outputs()["modelServingUrl"]!;
  const variables = () => outputs()["notebookEnv"] as unknown as Record<string, string>;
  const api = (): Mlflow => {
    const { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD } = variables();
    return mlflow(MLFLOW_TRACKING_URI!, MLFLOW_TRACKING_USERNAME!, MLFLOW_TRACKING_PASSWORD!);
  };
  const promote = (version: string) =>
    api().call("registered-models/alias", {
      name: variables()["MODEL_NAME"],
      alias: variables()["MODEL_ALIAS"],
      version,
    });
  const model = async () => (await servedModel(serving())) as ServedModel;
  const restartsOfModelServer = async () =>
    (await kubernetes().pods(namespace))
      .filter(({ metadata }) => metadata.name.startsWith("model-server-diabetes-progression-"))
      .map((pod) => [pod.metadata.name, restartsOf(pod)]);
  const served = (version: string) =>
    waitUntil(`version ${version} is served`, 60, async () => (await model()).version === version);

  describe("while one model is used", () => {
    let registered: Record<"constant" | (typeof broken)[number][0], string>;
    // in one process: each would import MLflow first
    beforeAll(async () => {
      const kinds = ["constant", ...broken.map(([kind]) => kind)] as const;
      registered = await registerModels(variables(), kinds, 4321);
    });

    test("moving the alias changes the version and fails no request, there and back", async () => {
      const first = await model();
      const second = registered.constant;
      const load = keepPredicting(serving(), first);
      await promote(second);
      await served(second);
      await promote(first.version);
      await served(first.version);
      await promote(second);
      await served(second);
      const { failures, versions } = await load.stop();
      expect(failures).toEqual([]);
      expect([...versions].sort()).toEqual([first.version, second].sort());
      expect((await predict(serving(), await model())).value).toBe(4321);
    });

    test.each(broken)(
      "a promoted %s model never answers; the old one keeps answering and reports why",
      async (kind, reason) => {
        const restarts = await restartsOfModelServer();
        const before = await model();
        const load = keepPredicting(serving(), before);
        await promote(registered[kind]);
        try {
          const { load_error, version } = await waitUntil("the fault is reported", 90, async () => {
            const now = await model();
            const { version, state } = now.load_error ?? {};
            return version === registered[kind] && state === "failed" ? now : undefined;
          });
          expect(version).toBe(before.version);
          expect(load_error?.reason).toMatch(reason);
          expect(await restartsOfModelServer()).toEqual(restarts);
        } finally {
          const { failures, versions } = await load.stop();
          await promote(before.version);
          expect(failures).toEqual([]);
          expect([...versions]).toEqual([before.version]);
        }
        await waitUntil("the fault is gone", 60, async () => (await model()).load_error === null);
      },
    );
  });
}
