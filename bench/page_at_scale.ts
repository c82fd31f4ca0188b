/*
 * The prediction page with more models, in a real browser: how long the front page and the page of a model take, and
 * what a tab that is left open costs the server. All models are those of one stub, which answers at once. Needs Chromium
 * and the Python environment of the tests; run it from the root:
 *
 *   npx node bench/page_at_scale.ts [models …]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { sleep } from "../local/support/process.ts";
import { environment } from "../test/support/pythonEnvironment.ts";
import { openBrowser } from "../tools/dashboards/browser.ts";
import { usageOf } from "./usage.ts";

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [2, 10, 50, 200];
const idleSeconds = 20;
const python = await environment("predict");
const browser = await openBrowser();

async function measure(count: number): Promise<string[]> {
  const last = count - 1;
  const showcase = spawn(python, ["apps/predict/tests/showcase.py", "churn"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(300_000);
  try {
    const [url] = (await once(createInterface(showcase.stdout), "line")) as [string];
    for (let model = 1; model <= last; model += 1) showcase.stdin.write(`model-${model}\n`);
    const pid = Number(readFileSync(`/proc/${showcase.pid}/task/${showcase.pid}/children`, "utf8"));
    const took = async (work: () => Promise<unknown>) => {
      const [started, before] = [Date.now(), usageOf(pid).cpu];
      await work();
      const [seconds, cpu] = [(Date.now() - started) / 1000, usageOf(pid).cpu - before];
      return `${seconds.toFixed(1)} (${cpu.toFixed(1)})`;
    };
    const shows = (text: string) => page.getByText(text, { exact: true }).first().waitFor();
    const front = async () => {
      await page.goto(url);
      await shows(`Model ${Math.min(last, 19)}`);
      await shows("Alertmanager");
    };
    const form = () => page.getByRole("button", { name: "Predict", exact: true }).waitFor();
    // the first visitor pays for the imports
    await front();
    const opened = await took(front);
    await page.screenshot({ path: `test-results/page-${count}.png` });
    const before = usageOf(pid);
    await sleep(idleSeconds * 1000);
    const after = usageOf(pid);
    const chosen = await took(async () => {
      await page.getByRole("combobox").first().click();
      await page.keyboard.type(`odel ${last}`);
      await page.keyboard.press("Enter");
      await form();
    });
    const direct = await took(async () => {
      await page.goto(`${url}/?model=model-${last}`);
      await form();
    });
    const core = ((after.cpu - before.cpu) / idleSeconds) * 100;
    const size = [core, after.mebibytes, after.threads].map((value) => value.toFixed(0));
    return [String(count), opened, chosen, direct, ...size];
  } finally {
    await page.close();
    showcase.stdin.end();
    await once(showcase, "exit");
  }
}

console.log(
  "| models | front page, s (CPU-s) | model chosen, s (CPU-s) | model's page, s (CPU-s) | one open tab, % of a core | MiB | threads |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
);
for (const count of counts) console.log(`| ${(await measure(count)).join(" | ")} |`);
await browser.close();
