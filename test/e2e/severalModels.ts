import { type Mlflow, mlflow } from "../../cli/mlflow.ts";
import { predict, servedModel, type ServedModel } from "../../cli/prediction.ts";
import { modelsOf, type StackModel } from "../../cli/servedModels.ts";
import { restartsOf } from "./support/kube.ts";
import { keepPredicting } from "./support/load.ts";
import { logAndRegister, withModelFolder } from "./support/models.ts";
import { api, models, namespace, up, withModels } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

/** Models of a team, next to the example: other libraries, registered by scripts, one not registered yet. */
export function describeSeveralModels(outputs: () => Record<string, unknown>): void {
  const served = async ({ servingUrl }: StackModel) =>
    (await servedModel(servingUrl)) as ServedModel;
  const tracking = (): Mlflow => {
    const { mlflowTrackingUri, mlflowUsername, mlflowPassword } = outputs();
    return mlflow(String(mlflowTrackingUri), String(mlflowUsername), String(mlflowPassword));
  };
  const promote = async ({ name, alias, servingUrl }: StackModel, version: string) => {
    await tracking().call("registered-models/alias", { name, alias, version });
    await waitUntil(`version ${version} of ${name} is served`, 60, async () => {
      const model = await servedModel(servingUrl);
      return typeof model !== "string" && model.version === version && model;
    });
  };
  /** Each attempt of each step with how it ended. */
  const stepsOf = async (experimentName: string) => {
    const byName = `experiments/get-by-name?experiment_name=${experimentName}`;
    const { experiment } = await tracking().call<{ experiment: { experiment_id: string } }>(byName);
    const { runs } = await tracking().call<{ runs: { info: Record<string, string> }[] }>(
      "runs/search",
      {
        experiment_ids: [experiment.experiment_id],
        filter: "tags.`training.step` != ''",
      },
    );
    return runs.map(({ info }) => `${info["run_name"]} ${info["status"]}`).sort();
  };
  const model = (name: string) => modelsOf(outputs()).find((one) => one.name === name)!;
  const others = [
    ["wine-xgboost", "xgboost"],
    ["wine-lightgbm", "lightgbm"],
  ] as const;

  test("every model of the stack has an output with its own URL and page", () => {
    const names = modelsOf(outputs()).map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(models).sort());
    expect(new Set(modelsOf(outputs()).map(({ servingUrl }) => servingUrl)).size).toBe(3);
    expect(model("wine-xgboost").pageUrl).toMatch(/\?model=wine-xgboost$/);
  });

  test.each(others)(
    "%s, logged with %s by its own script, is served as soon as it has the alias",
    async (name, library) => {
      const { version, predicted } = await logAndRegister(outputs(), library, name, 10);
      await promote(model(name), version);
      const { value } = await predict(model(name).servingUrl, await served(model(name)));
      expect(Math.abs(Number(value) - predicted)).toBeLessThan(1e-6);
    },
  );

  test("moving the alias of one model fails no request of the three", async () => {
    const [name, library] = others[0];
    const before = await served(model(name));
    const { version } = await logAndRegister(outputs(), library, name, 20);
    const loads = await Promise.all(
      modelsOf(outputs()).map(async (one) => ({
        name: one.name,
        load: keepPredicting(one.servingUrl, await served(one)),
      })),
    );
    await promote(model(name), version);
    await promote(model(name), before.version);
    await promote(model(name), version);
    for (const { name: loaded, load } of loads) {
      const { failures, versions } = await load.stop();
      expect([loaded, failures]).toEqual([loaded, []]);
      expect([loaded, versions.size]).toEqual([loaded, loaded === name ? 2 : 1]);
    }
  });

  test("a fourth model, trained in steps, is added and removed without a restart of the others, MLflow, Prometheus or the page, which shows it when `up` ends", async () => {
    const pods = async () => {
      const found = await api().pods(namespace);
      return found
        .map((pod) => [pod.metadata.name, pod.metadata.uid, restartsOf(pod)] as const)
        .filter(([pod]) =>
          /^(model-server|mlflow(?!-migration)|postgres|prediction-app|prometheus)-/.test(pod),
        )
        .filter(([pod]) => !pod.startsWith("model-server-spare-"));
    };
    const before = (await pods()).sort();
    expect(before.length).toBeGreaterThanOrEqual(5);
    const { code, stdout } = await withModelFolder("spare", "steps", () =>
      up(...withModels({ ...models, spare: {} })),
    );
    expect(stdout).toMatch(/^ {2}spare +version 1 .* predicts .* · npm run connect · http/m);
    expect(stdout).toMatch(/^ {2}wine-lightgbm +version 1 \(champion\) predicts /m);
    expect(code).toBe(0);
    expect((await pods()).sort()).toEqual(before);
    // one of the steps runs on a Dask worker, and the last one fails once
    expect(await stepsOf("spare")).toEqual([
      "prepare FINISHED",
      "publish FAILED",
      "publish FINISHED",
      "search FINISHED",
    ]);
    expect((await up()).code).toBe(0);
    expect((await pods()).sort()).toEqual(before);
  });
}
