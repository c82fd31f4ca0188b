import { join } from "node:path";
import { openBrowser } from "./browser.ts";

const limit = { timeout: 60_000 };

/** Saves the prediction page's list of services and its form with a prediction, and returns the files. */
export async function savePagePictures(
  url: string,
  model: string,
  folder: string,
): Promise<string[]> {
  const list = join(folder, "prediction-models.png");
  const form = join(folder, "prediction-app.png");
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1366, height: 800 } });
    await page.goto(url);
    await page.getByText("Healthy").first().waitFor(limit);
    await page.screenshot({ path: list, fullPage: true });
    await page.goto(`${url}/?model=${model}`);
    await page.getByRole("button", { name: "Predict" }).click(limit);
    await page.getByText("Answered by").waitFor(limit);
    await page.screenshot({ path: form });
    return [list, form];
  } finally {
    await browser.close();
  }
}
