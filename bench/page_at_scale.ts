/*
 * The prediction page with more models, in a real browser: how long the front page and the page of a model take, and
 * what a tab that is left open costs the server. The model servers are one stub that answers at once. Needs Chromium
 * and the Python environment of the tests; run it from the root:
 *
 *   npx node bench/page_at_scale.ts [models …]
 */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "../local/support/process.ts";
import { environment } from "../test/support/pythonEnvironment.ts";
import { openBrowser } from "../tools/dashboards/browser.ts";

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10, 50, 200];
const idleSeconds = 20;
const pictures = "test-results";
const app = "apps/predict";

const columns = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"];
const described = (name: string) => ({
  name,
  version: "3",
  alias: "champion",
  run_id: "0123456789abcdef0123456789abcdef",
  loaded_at: "2026-11-27T07:00:00+00:00",
  metrics: { rmse: 54.5 },
  signature: {
    inputs: columns.map((column) => ({ name: column, type: "double", required: true })),
    outputs: [{ name: null, type: "double" }],
  },
  input_example: { columns, data: [columns.map(() => 0.05)] },
});

const servers = createServer((request, response) => {
  const [, name = ""] = (request.url ?? "").split("/");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(described(name)));
});
await new Promise<void>((done) => servers.listen(0, "127.0.0.1", done));
const serversUrl = `http://127.0.0.1:${(servers.address() as AddressInfo).port}`;
const python = await environment("predict");
const browser = await openBrowser();

/** CPU seconds, MiB and threads of a process. */
function usage(pid: number): { cpu: number; mebibytes: number; threads: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ").map(Number);
  return {
    cpu: (fields[11]! + fields[12]!) / 100,
    mebibytes: (fields[21]! * 4096) / 1024 ** 2,
    threads: fields[17]!,
  };
}

async function measure(count: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "mlops-page-"));
  const names = Array.from({ length: count }, (_, at) => `model-${at + 1}`);
  const models = names.map((name) => ({ name, serverUrl: `${serversUrl}/${name}`, owner: "dana" }));
  // with a service there is a front page for one model as well
  const services = [{ name: "Prediction page", url: "http://localhost" }];
  writeFileSync(join(folder, "services.json"), JSON.stringify({ models, services }));
  mkdirSync(join(folder, ".streamlit"));
  copyFileSync(join(app, "streamlit.toml"), join(folder, ".streamlit/config.toml"));
  const [port, metricsPort] = [18_501, 18_502];
  const source = join(process.cwd(), app, "src");
  const child = spawn(python, ["-m", "streamlit", "run", join(source, "prediction_app/app.py")], {
    cwd: folder,
    env: {
      ...process.env,
      HOME: folder,
      PYTHONPATH: source,
      SERVICES_FILE: join(folder, "services.json"),
      STREAMLIT_SERVER_PORT: String(port),
      METRICS_PORT: String(metricsPort),
    },
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(300_000);
  const took = async (work: () => Promise<unknown>) => {
    const [started, before] = [Date.now(), usage(child.pid!).cpu];
    await work();
    const [seconds, cpu] = [(Date.now() - started) / 1000, usage(child.pid!).cpu - before];
    return `${seconds.toFixed(1)} (${cpu.toFixed(1)})`;
  };
  try {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if ((await fetch(`${url}/_stcore/health`).catch(() => undefined))?.ok) break;
      await sleep(200);
    }
    // the first visitor pays for the imports
    await page.goto(url);
    const card = (name: string) =>
      page.getByText(name.replace("model-", "Model "), { exact: true });
    await card("model-1").first().waitFor();
    const front = await took(async () => {
      await page.goto(url);
      await card("model-1").first().waitFor();
      await page.getByText("Prediction page", { exact: true }).first().waitFor();
    });
    await page.screenshot({ path: join(pictures, `page-${count}.png`), fullPage: true });
    const before = usage(child.pid!);
    await sleep(idleSeconds * 1000);
    const after = usage(child.pid!);
    const chosen = await took(async () => {
      await page.getByRole("combobox").first().click();
      await page.keyboard.type(`odel ${count}`);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Predict", exact: true }).waitFor();
    });
    const direct = await took(async () => {
      await page.goto(`${url}/?model=model-${count}`);
      await page.getByRole("button", { name: "Predict", exact: true }).waitFor();
    });
    const core = ((after.cpu - before.cpu) / idleSeconds) * 100;
    return [
      String(count),
      ...[front, chosen, direct],
      core.toFixed(0),
      after.mebibytes.toFixed(0),
      String(after.threads),
    ];
  } finally {
    await page.close();
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(
  "| models | front page, s (CPU-s) | model chosen, s (CPU-s) | model's page, s (CPU-s) | one open tab, % of a core | MiB | threads |",
);
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
try {
  mkdirSync(pictures, { recursive: true });
  for (const count of counts) console.log(`| ${(await measure(count)).join(" | ")} |`);
} finally {
  await browser.close();
  servers.close();
}
