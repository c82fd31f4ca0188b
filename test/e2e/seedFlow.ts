import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { envFile } from "../../cli/envFile.ts";
import { predict, servedModel, type ServedModel } from "../../cli/prediction.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { openBrowser } from "../../tools/dashboards/browser.ts";
import { modelsOf } from "../../cli/servedModels.ts";
import { executeNotebook } from "./support/notebook.ts";
import { mlops, start } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

const results = join(checkoutRoot, "test-results");

/** What a data scientist does in the first hour. */
export function describeSeedFlow(outputs: () => Record<string, string>): void {
  test("`connect` writes .env readable only by its owner, with URLs that answer", async () => {
    const connect = start("connect");
    await waitUntil("connected", 60, () => connect.output.stdout.includes("Ctrl-C"));
    connect.child.kill("SIGTERM");
    expect((await connect.ended).code).toBe(0);
    expect(statSync(envFile).mode & 0o777).toBe(0o600);
    const text = readFileSync(envFile, "utf8");
    expect(text).toContain("MLFLOW_TRACKING_URI=http://127.0.0.1:30001\n");
    expect(text).toContain("MODEL_SERVING_URL=http://127.0.0.1:31345\n");
    expect(text).toContain('"wine-xgboost":"http://127.0.0.1:31346"');
    expect(text).toContain(`MLFLOW_TRACKING_PASSWORD=${outputs()["mlflowPassword"]}\n`);
  });

  test("the notebook runs from end to end against it", async () => {
    const executed = await executeNotebook("train-and-promote");
    const model = (await servedModel(outputs()["modelServingUrl"]!)) as ServedModel;
    expect(executed).toContain(`version ${model.version}`);
  });

  test("the page predicts what the model server predicts, and names the version", async () => {
    const url = outputs()["modelServingUrl"]!;
    const model = (await servedModel(url)) as ServedModel;
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.goto(modelsOf(outputs())[0]!.pageUrl!);
      const predictButton = page.getByRole("button", { name: "Predict" });
      await predictButton.waitFor({ timeout: 60_000 });
      // by its name: while the page is being drawn, the first field is not yet the first column's
      const column = model.input_example!.columns[0]!;
      const field = page.getByRole("textbox", { name: column, exact: true });
      await field.fill("61");
      await field.press("Tab");
      await predictButton.click();
      await page.getByText(`version ${model.version} (champion)`).waitFor({ timeout: 30_000 });
      const shown = await page.getByTestId("stMetricValue").innerText();
      mkdirSync(results, { recursive: true });
      await page.screenshot({ path: join(results, "prediction-page.png"), fullPage: true });

      const example = model.input_example!;
      const row = [61, ...example.data[0]!.slice(1)];
      const changed = { ...model, input_example: { ...example, data: [row] } };
      const { value } = await predict(url, changed);
      expect(Number(shown.replaceAll(",", ""))).toBeCloseTo(Number(value), 0);
    } finally {
      await browser.close();
    }
  });

  test("`verify` passes every check and leaves the champion where it is", async () => {
    const url = outputs()["modelServingUrl"]!;
    const before = (await servedModel(url)) as ServedModel;
    const { code, stdout } = await mlops("verify");
    expect(stdout).toMatch(
      /✓ wine-xgboost is served and predicts.* · version 2 \(champion\) predicts /,
    );
    expect(stdout).toMatch(/8 of 8 checks passed/);
    expect(code).toBe(0);
    expect(((await servedModel(url)) as ServedModel).version).toBe(before.version);
  });
}
