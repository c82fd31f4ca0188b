import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { imagesOf } from "../../../cli/stackImages.ts";
import { Prometheus, type PrometheusArgs } from "../../../components/index.ts";
import { mergeValues } from "../../../components/monitoring/chartValues.ts";
import { ensureHelm } from "../../../local/cluster/index.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { which } from "../../../local/support/process.ts";
import { valuesOf } from "../../support/charts.ts";
import { containersOf, podFaults, podTemplates } from "../../support/podSecurity.ts";
import { promtool } from "../../support/promtool.ts";
import { type Json, type JsonObject, record, type Recorded } from "../../support/recorder.ts";
import { switches, withMarks } from "../../support/marks.ts";
import { isObject } from "../../support/wire.ts";

const chart = join(checkoutRoot, "local/charts/prometheus");
const image = { repository: "localhost/mlops/monitoring", tag: "0123456789ab" };
/** What `npm run up` adds where the official chart is not available. */
const images = {
  server: { image },
  alertmanager: { image },
  "prometheus-node-exporter": { image: { ...image, registry: "localhost" } },
  "prometheus-pushgateway": { image },
};
/** With everything that makes the component send a key. */
const everything: PrometheusArgs = {
  namespace: "ml",
  kubeStateMetrics: false,
  storageClassName: "fast",
  labels: { team: "blue" },
  annotations: { note: "hello" },
  nodeSelector: { pool: "ml" },
  tolerations: [{ key: "dedicated", operator: "Exists" }],
  imagePullSecrets: ["registry"],
  values: images,
};

const sent = async (args: PrometheusArgs = everything): Promise<JsonObject> =>
  valuesOf((await record(() => new Prometheus("metrics", args))).resources);

let helm = "";
const run = (words: string[], values: JsonObject): string =>
  execFileSync(helm, [...words, "--values", "-"], {
    input: JSON.stringify(values),
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
const rendered = (values: JsonObject): string =>
  run(["template", "prometheus", chart, "--namespace", "ml"], values);
const objectsOf = (manifest: string): JsonObject[] =>
  parseAllDocuments(manifest)
    .map((document) => document.toJS() as Json)
    .filter(isObject);
const titleOf = ({ kind, metadata }: JsonObject) => {
  const { namespace, name } = metadata as JsonObject;
  return `${kind as string} ${namespace ? `${namespace as string}/` : ""}${name as string}`;
};
const refusal = (values: JsonObject): string => {
  try {
    rendered(values);
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
  throw new Error("the chart takes these values");
};

const canBuild = which("helm") ?? which("go");
const withHelm = canBuild ? describe : describe.skip;

withHelm(`the chart that stands in for prometheus${canBuild ? "" : " (skipped: no helm)"}`, () => {
  beforeAll(async () => {
    helm = await ensureHelm();
  }, 900_000);

  test("has no fault that helm lint finds", async () => {
    expect(run(["lint", "--strict", chart], await sent())).toContain("0 chart(s) failed");
  });

  test("creates the same objects as the official chart, under the same names", async () => {
    expect(
      objectsOf(rendered(await sent()))
        .map(titleOf)
        .sort(),
    ).toEqual([
      "ClusterRole ml-prometheus",
      "ClusterRoleBinding ml-prometheus",
      "ConfigMap ml/prometheus",
      "DaemonSet ml-node-exporter/node-exporter",
      "Deployment ml/prometheus",
      "Deployment ml/pushgateway",
      "Service ml-node-exporter/node-exporter",
      "Service ml/alertmanager",
      "Service ml/alertmanager-headless",
      "Service ml/prometheus",
      "Service ml/pushgateway",
      "ServiceAccount ml-node-exporter/node-exporter",
      "ServiceAccount ml/alertmanager",
      "ServiceAccount ml/prometheus",
      "ServiceAccount ml/pushgateway",
      "StatefulSet ml/alertmanager",
    ]);
  });

  test("every value that the component sets appears in the objects", async () => {
    const { marked, marks } = withMarks(await sent());
    const manifest = rendered(marked);
    const lost = [...marks].filter(([mark]) => !manifest.includes(mark));
    expect(lost.map(([, path]) => path)).toEqual([]);
    // the test would be worth nothing if it marked nothing
    expect([...marks.values()]).toEqual(
      expect.arrayContaining([
        "server.retentionSize",
        "serverFiles.alerting_rules.yml.groups.0.rules.0.expr",
      ]),
    );
  });

  test("deploys only the given images", async () => {
    const values = await sent();
    const references = (inputs: JsonObject[]) =>
      imagesOf(inputs.map((one) => ({ type: "kubernetes:", name: "chart", inputs: one }))).map(
        ({ reference }) => reference,
      );
    expect(references(objectsOf(rendered(values)))).toEqual(references([values]));
  });

  test("every switch that the component sets changes the objects, or is refused with the reason", async () => {
    const values = await sent();
    const before = rendered(values);
    const refused: Record<string, string> = {};
    const without: string[] = [];
    for (const path of switches(values)) {
      const flipped = structuredClone(values);
      const holder = path.slice(0, -1).reduce<Json>((at, key) => (at as JsonObject)[key]!, flipped);
      (holder as JsonObject)[path.at(-1)!] = !(holder as JsonObject)[path.at(-1)!];
      try {
        if (rendered(flipped) === before) without.push(path.join("."));
      } catch {
        refused[path.join(".")] = /\): ([^:]+):/.exec(refusal(flipped))?.[1] ?? "";
      }
    }
    expect(without).toEqual([]);
    expect(refused).toEqual({
      "configmapReload.prometheus.enabled": expect.stringContaining(
        "must be false with this chart",
      ),
      "kube-state-metrics.enabled": expect.stringContaining("must be false with this chart"),
    });
  }, 300_000);

  test.each(["alertmanager", "prometheus-node-exporter", "prometheus-pushgateway"])(
    "%s can be left out",
    async (part) => {
      const off = mergeValues(await sent(), { [part]: { enabled: false } });
      const left = objectsOf(rendered(off)).map((object) => JSON.stringify(object));
      expect(left.filter((text) => text.includes(`"app.kubernetes.io/name":"${part}"`))).toEqual(
        [],
      );
      expect(left.length).toBeGreaterThan(9);
    },
  );

  test("a changed rule restarts no pod: the server reloads it", async () => {
    const pods = async (args: Partial<PrometheusArgs>) =>
      objectsOf(rendered(await sent({ ...everything, ...args })))
        .filter(({ kind }) => ["Deployment", "DaemonSet", "StatefulSet"].includes(String(kind)))
        .map(({ spec }) => (spec as JsonObject)["template"]);
    expect(await pods({ alertRules: [] })).toEqual(await pods({}));
  });

  const tool = promtool();
  const withPromtool = "path" in tool ? test : test.skip;
  withPromtool(
    "Debian's Prometheus takes the configuration, discovery and rules included",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "chart-"));
      try {
        const objects = objectsOf(rendered(await sent()));
        const { data } = objects.find(({ kind }) => kind === "ConfigMap")! as { data: JsonObject };
        for (const [name, text] of Object.entries(data)) {
          const here = (text as string).replaceAll(
            /\/(etc\/config|etc\/targets|var\/run)/g,
            folder,
          );
          writeFileSync(join(folder, name), here);
        }
        const account = join(folder, "secrets/kubernetes.io/serviceaccount");
        mkdirSync(account, { recursive: true });
        for (const file of ["token", "ca.crt"]) writeFileSync(join(account, file), "");
        const config = join(folder, "prometheus.yml");
        const said = execFileSync("path" in tool ? tool.path : "", ["check", "config", config]);
        expect(said.toString()).toContain("prometheus.yml is valid prometheus config file syntax");

        const asked = JSON.parse(data["discovery.json"] as string) as JsonObject;
        const jobs = parse(readFileSync(config, "utf8")) as { scrape_configs: JsonObject[] };
        const withFiles = jobs.scrape_configs.filter((job) => job["file_sd_configs"]);
        expect(withFiles.map((job) => job["job_name"])).toEqual(Object.keys(asked));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test("an image has to be named", async () => {
    expect(refusal(mergeValues(await sent(), { server: { image: { tag: "" } } }))).toContain(
      "server.image.tag must name an image with Debian's Prometheus (apps/monitoring): there is no default",
    );
  });

  test("pods pass Pod Security restricted, except node-exporter's, which reads the node", async () => {
    const objects = objectsOf(rendered(await sent()));
    const workloads = objects.map((inputs) => ({ name: titleOf(inputs), inputs }) as Recorded);
    const templates = podTemplates(workloads);
    for (const container of templates.flatMap(({ spec }) => containersOf(spec)))
      expect(container["securityContext"]).toMatchObject({
        seccompProfile: { type: "RuntimeDefault" },
      });
    // like the official chart: profiles are the containers', and Kubernetes' own half minute is enough to stop
    const asOfficial = ["has no seccomp profile", "has no time to stop"];
    const faults = templates.map(({ workload, spec }) => [
      workload,
      podFaults(spec).filter((fault) => !asOfficial.includes(fault)),
    ]);
    expect(Object.fromEntries(faults)).toEqual({
      "DaemonSet ml-node-exporter/node-exporter": [
        "shares the node's namespaces",
        ...Array<string>(3).fill("mounts a kind of volume that is not allowed"),
      ],
      // it asks the API server what there is to scrape
      "Deployment ml/prometheus": ["mounts a service account token"],
      "Deployment ml/pushgateway": ["has an unbounded folder"],
      "StatefulSet ml/alertmanager": [],
    });
  });
});
