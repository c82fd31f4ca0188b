/*
 * What a real Prometheus has to do with more models: series, memory, CPU time, the evaluation of our rules and the
 * queries of the dashboards. The series are those of a real model server that has predicted, under as many names. Needs
 * the Python environment of the tests and Debian's Prometheus; run it from the root:
 *
 *   npx node bench/monitoring_at_scale.ts [models …]
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertRules } from "../components/monitoring/alerts/index.ts";
import { dashboards } from "../components/monitoring/dashboards/index.ts";
import { sleep } from "../local/support/process.ts";
import { freePort } from "../test/support/listening.ts";
import { debianProgram } from "../test/support/promtool.ts";
import { environment } from "../test/support/pythonEnvironment.ts";
import { readDashboard } from "../tools/dashboards/panelData.ts";
import { savePictures } from "../tools/dashboards/pictures.ts";
import { lastMinutes } from "../tools/dashboards/prometheusApi.ts";
import { usageOf } from "./usage.ts";

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10, 50, 200];
const scrapeSeconds = 15;
const measuredSeconds = 60;
const name = "the-model";
/** Those of a target, next to its pod. */
const labels = {
  ...{ namespace: "mlops", container: "server", node: "node-1" },
  ...{ application: "model-server", monitor: "true" },
};

/** Prints the metrics of a model server of ten features, after enough predictions to count drift. */
const modelServer = `
import sys, tempfile, pathlib, httpx
for folder in ("apps/serving/src", "apps/serving/tests", "apps/training/src"):
    sys.path.insert(0, folder)
from processes import model_server, tracking_server, until
from training import baseline
from models import FEATURES, Models, linear
with tempfile.TemporaryDirectory() as folder:
    paths = [pathlib.Path(folder, name) for name in ("mlflow", "server")]
    for path in paths: path.mkdir()
    tracking = tracking_server(paths[0])
    server = None
    try:
        tracking.start()
        models, model = Models(tracking.url, "${name}"), linear()
        models.promote(models.add(model, metadata=baseline(FEATURES, model.predict(FEATURES))))
        server = model_server(paths[1], tracking.url, "${name}")
        server.start()
        until(lambda: httpx.get(server.url + "/model", verify=False).status_code == 200, "the model is served")
        body = {"dataframe_split": FEATURES.to_dict(orient="split", index=False)}
        for _ in range(3): httpx.post(server.url + "/invocations", json=body, timeout=60).raise_for_status()
        httpx.post(server.url + "/invocations", json={}, timeout=60)
        pathlib.Path(sys.argv[1]).write_text(httpx.get(server.metrics_url).text)
    finally:
        if server: server.stop()
        tracking.stop()
`;

const python = await environment("mlflow");
const textFile = join(mkdtempSync(join(tmpdir(), "mlops-metrics-")), "metrics.txt");
execFileSync(python, ["-c", modelServer, textFile], { stdio: "ignore" });
const text = readFileSync(textFile, "utf8");
const started = Date.now();

/** The metrics under another name; requests and what is counted with them grow by one each second. */
const metricsOf = (model: string) =>
  text
    .replaceAll(`model="${name}"`, `model="${model}"`)
    .replaceAll(
      /^(model_\w+_(?:total|count|bucket|sum)\S*) (\S+)$/gm,
      (_, series: string, value: string) => {
        const grown = Number(value) * (1 + (Date.now() - started) / 1000);
        return `${series} ${grown}`;
      },
    );

const exporter = createServer((request, response) => {
  response.end(metricsOf(request.url!.slice("/metrics/".length)));
});
await new Promise<void>((done) => exporter.listen(0, "127.0.0.1", done));
const target = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;

const found = debianProgram("prometheus", "prometheus");
if ("reason" in found) throw new Error(found.reason);
const prometheusPath = found.path;

async function measure(count: number): Promise<string[]> {
  const models = Array.from({ length: count }, (_, at) => `model-${at + 1}`);
  const folder = mkdtempSync(join(tmpdir(), "mlops-prometheus-"));
  const rules = JSON.stringify({
    groups: alertRules({ models, grafanaUrl: "https://grafana.example.org" }),
  });
  writeFileSync(join(folder, "rules.yml"), rules);
  const scrape_configs = models.map((model) => ({
    job_name: model,
    metrics_path: `/metrics/${model}`,
    static_configs: [{ targets: [target], labels: { ...labels, pod: `${model}-server` } }],
  }));
  const interval = `${scrapeSeconds}s`;
  const global = { scrape_interval: interval, evaluation_interval: interval };
  const config = { global, rule_files: ["rules.yml"], scrape_configs };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(
    prometheusPath,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const cpu = () => usageOf(server.pid!).cpu;
  const get = async <T>(path: string) =>
    ((await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: T }).data;
  try {
    while (!(await fetch(`${url}/-/ready`).catch(() => undefined))?.ok) await sleep(200);
    await sleep(4 * scrapeSeconds * 1000);
    const before = cpu();
    await sleep(measuredSeconds * 1000);
    const used = cpu() - before;
    const { headStats } = await get<{ headStats: { numSeries: number } }>("status/tsdb");
    const { groups } = await get<{ groups: { evaluationTime: number }[] }>("rules");
    const evaluation = groups.reduce((sum, group) => sum + group.evaluationTime, 0);
    const range = lastMinutes(30);
    const asked: string[] = [];
    for (const title of ["Home", "Models"]) {
      const board = dashboards().find((one) => one.title === title)!;
      const [wall, busy] = [Date.now(), cpu()];
      const data = await readDashboard(url, board, range, { model: models.at(-1)! });
      asked.push(`${((cpu() - busy) * 1000).toFixed(0)} (${Date.now() - wall})`);
      if (title === "Home") await savePictures([data], `test-results/home-${count}`);
    }
    return [
      String(count),
      String(headStats.numSeries),
      (Buffer.byteLength(rules) / 1024).toFixed(0),
      ((used / measuredSeconds) * 100).toFixed(1),
      usageOf(server.pid!).mebibytes.toFixed(0),
      (evaluation * 1000).toFixed(0),
      ...asked,
    ];
  } finally {
    server.kill();
    await once(server, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(
  "| models | series | rules, KiB | % of a core | MiB | all rules, ms | Home, CPU-ms (ms) | Models, CPU-ms (ms) |",
);
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
try {
  mkdirSync("test-results", { recursive: true });
  for (const count of counts) console.log(`| ${(await measure(count)).join(" | ")} |`);
} finally {
  exporter.close();
}
