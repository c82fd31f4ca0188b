import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { dashboards } from "../../components/monitoring/dashboards/index.ts";
import { panelQueries } from "../../tools/dashboards/queries.ts";
import { servedModel, type ServedModel } from "../../cli/prediction.ts";
import { queryAt, type ScrapeTarget, scrapeTargets } from "../../tools/dashboards/prometheusApi.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import type { RunningPrometheus } from "../support/runningPrometheus.ts";
import { withoutKubeStateMetrics } from "../components/monitoring/dashboards/withoutKubeStateMetrics.ts";
import { executeNotebook } from "./support/notebook.ts";
import { api, mlops, namespace, start } from "./support/platform.ts";
import { forwarded } from "./support/forwarded.ts";
import { startPrometheus3 } from "./support/prometheus3.ts";
import { waitUntil } from "./support/wait.ts";

const results = join(checkoutRoot, "test-results");

/** What Prometheus must know of each part, in a series that only this part exports. */
const exported = {
  "the nodes": "node_memory_MemAvailable_bytes",
  "the containers": `container_memory_working_set_bytes{namespace="${namespace}",pod="postgres-0"}`,
  "the kubelet": "kubelet_running_pods",
  MLflow: "mlflow_http_request_total",
  Postgres: "pg_up == 1",
  "the model server": "model_info",
  "the prediction page": "prediction_app_runs_total",
  "the Pushgateway": 'up{service="pushgateway"}',
  Alertmanager: "alertmanager_build_info",
};

/** What is seen of the platform after the seed flow. */
export function describeMonitoring(outputs: () => Record<string, string>): void {
  const ask = (expression: string) => forwarded("prometheus", (url) => queryAt(url, expression));

  test.each(Object.entries(exported))("Prometheus reads %s", async (_, expression) => {
    await waitUntil(expression, 60, async () => (await ask(expression)).length > 0);
  });

  const everyTargetAnswers = (url: string) =>
    waitUntil("no target is down", 60, async () => {
      const targets = await scrapeTargets(url);
      expect(targets.filter(({ health }) => health !== "up")).toEqual([]);
      return targets;
    });

  test("every target answers", () => forwarded("prometheus", everyTargetAnswers));

  let three: RunningPrometheus;
  afterAll(() => three?.stop());

  test("Prometheus 3 finds the same targets with its own discovery, and all of them answer", async () => {
    three = await startPrometheus3();
    const found = (targets: ScrapeTarget[]) =>
      targets
        .map(({ labels }) => labels)
        .filter(({ job }) => !["prometheus", "alertmanager"].includes(job!))
        .sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
    await waitUntil("the same targets", 60, async () => {
      const [ours, its] = [
        await forwarded("prometheus", scrapeTargets),
        await scrapeTargets(three.url),
      ];
      expect(found(its)).toEqual(found(ours));
      return true;
    });
    await everyTargetAnswers(three.url);
  });

  test("every panel of every dashboard has data, except the listed ones without kube-state-metrics", async () => {
    await askForPredictions(outputs()["modelServingUrl"]!);
    const model = "diabetes-progression";
    const queries = dashboards().flatMap((dashboard) => panelQueries(dashboard, { model }));
    const nameOf = (query: { dashboard: string; panel: string; refId: string }) =>
      `${query.dashboard} / ${query.panel} / ${query.refId}`;
    const haveData = (url: string) =>
      // a rate needs two scrapes
      waitUntil("the panels have data", 90, async () => {
        const answers = await Promise.all(queries.map(({ expr }) => queryAt(url, expr)));
        const empty = queries.filter((_, index) => answers[index]!.length === 0);
        expect(empty.map(nameOf)).toEqual(withoutKubeStateMetrics.map(nameOf));
        return true;
      });
    await forwarded("prometheus", haveData);
    await haveData(three.url);
  });

  test("a platform that has just come up has no alert except the watchdog", async () => {
    const firing = 'ALERTS{alertstate="firing"}';
    for (const found of [await ask(firing), await queryAt(three.url, firing)]) {
      expect(found.map(({ labels }) => labels["alertname"])).toEqual(["Watchdog"]);
    }
  });

  test("a notebook reads the champion's request rate and drift", async () => {
    const connect = start("connect");
    await waitUntil("connected", 60, () => connect.output.stdout.includes("Ctrl-C"));
    try {
      const executed = await executeNotebook("read-metrics");
      expect(executed).toContain("has drifted most");
      expect(executed.match(/"image\/png"/g)).toHaveLength(2);
    } finally {
      connect.child.kill("SIGTERM");
      await connect.ended;
    }
  });

  test("`dashboards --png` draws each of them", async () => {
    mkdirSync(results, { recursive: true });
    const { code } = await mlops("dashboards", "--png", "--out", results);
    expect(code).toBe(0);
    const drawn = dashboards().filter((dashboard) => panelQueries(dashboard).length > 0);
    for (const { uid } of drawn) {
      const png = readFileSync(join(results, `dashboard-${uid.replace(/^mlops-/, "")}.png`));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(png.length).toBeGreaterThan(20_000);
    }
  });

  // SECURITY.md: Nothing secret is among the values of a Helm release: Grafana's credentials and
  // the whole configuration of Alertmanager are Secrets.
  test("Helm's record of a release contains no password", async () => {
    const confidential = [outputs()["mlflowPassword"]!, outputs()["mlflowAdminPassword"]!];
    const secrets = await api().list(`/api/v1/namespaces/${namespace}/secrets`);
    const releases = secrets.filter(({ metadata }) => metadata.labels?.["owner"] === "helm");
    expect(releases.length).toBeGreaterThan(0);
    for (const { data } of releases) {
      const kept = gunzipSync(
        Buffer.from(Buffer.from(data!["release"]!, "base64").toString(), "base64"),
      ).toString();
      expect(kept).toContain("scrapeConfigs");
      for (const password of confidential) expect(kept).not.toContain(password);
      expect(kept).not.toMatch(/smtp_auth_password|api_url/);
    }
  });
}

/** As many rows as drift is computed from, over more than one scrape. */
async function askForPredictions(serving: string): Promise<void> {
  const model = (await servedModel(serving)) as ServedModel;
  const { columns, data } = model.input_example!;
  const rows = Array.from({ length: 50 }, (_, index) => data[index % data.length]);
  for (let request = 0; request < 20; request += 1) {
    const response = await fetch(`${serving}/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dataframe_split: { columns, data: rows } }),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
