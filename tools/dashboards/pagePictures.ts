import { join } from "node:path";
import type { Page } from "playwright-core";
import { openBrowser } from "./browser.ts";

const limit = { timeout: 60_000 };

type Pictures = Readonly<Record<string, (page: Page) => Promise<void>>>;

/** Takes each picture once its page shows what it is about, and returns the files. */
async function save(
  folder: string,
  pictures: Pictures,
  httpCredentials?: { username: string; password: string },
): Promise<string[]> {
  const browser = await openBrowser();
  const files: string[] = [];
  try {
    const page = await browser.newPage({
      viewport: { width: 1366, height: 800 },
      ...(httpCredentials && { httpCredentials }),
    });
    for (const [name, show] of Object.entries(pictures)) {
      await show(page);
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path, fullPage: true });
      files.push(path);
    }
    return files;
  } finally {
    await browser.close();
  }
}

/** Pictures of the prediction page: its list of services, and its form with a prediction. */
export const savePagePictures = (url: string, model: string, folder: string): Promise<string[]> =>
  save(folder, {
    "prediction-models": async (page) => {
      await page.goto(url);
      await page.getByText("Healthy").first().waitFor(limit);
    },
    "prediction-app": async (page) => {
      await page.goto(`${url}/?model=${model}`);
      await page.getByRole("button", { name: "Predict" }).click(limit);
      await page.getByText("Answered by").waitFor(limit);
    },
  });

/** Pictures of MLflow: the runs of a model's experiment, and the versions of the model with its alias. */
export const saveMlflowPictures = (
  url: string,
  credentials: { username: string; password: string },
  { name, alias, experimentId }: { name: string; alias: string; experimentId: string },
  folder: string,
): Promise<string[]> =>
  save(
    folder,
    {
      "mlflow-runs": async (page) => {
        await page.goto(`${url}/#/experiments/${experimentId}/runs?compareRunsMode=CHART`);
        await page.getByRole("button", { name: "Toggle sidebar" }).click(limit);
        const assistant = page.getByRole("button", { name: "Close", exact: true });
        if (await assistant.isVisible()) await assistant.click();
        await page.locator("svg.main-svg").first().waitFor(limit);
      },
      "mlflow-model": async (page) => {
        await page.goto(`${url}/#/models/${name}`);
        await page.getByText(alias).first().waitFor(limit);
      },
    },
    credentials,
  );
