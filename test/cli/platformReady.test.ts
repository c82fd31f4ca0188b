import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { FakeApi, plainKubeconfig } from "../local/engine/fakeApi.ts";
import { type Answer, model, refused, standIn } from "./modelServer.ts";

const folder = mkdtempSync(join(tmpdir(), "mlops-daemon-sets-"));
const kubeconfig = join(folder, "kubeconfig");
const api = new FakeApi();
beforeAll(async () => writeFileSync(kubeconfig, plainKubeconfig(await api.listen())));
afterAll(() => {
  api.close();
  rmSync(folder, { recursive: true });
});

/** Runs lines of a program in a separate process, which the API in this one can answer. */
function ran(...lines: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const file = (...path: string[]) => JSON.stringify(join(checkoutRoot, ...path));
  const script = `const { awaitDaemonSets, welcome } = await import(${file("cli", "platformReady.ts")});
    const { KubernetesClient } = await import(${file("local", "support", "kubernetesClient.ts")});
    const access = ${JSON.stringify({ kubeconfig })};
    ${lines.join("\n")}
    process.exit(0);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, ...said })));
}

const waited = () =>
  ran(
    'await awaitDaemonSets(await KubernetesClient.connect(access), ["ml", "ml-node-exporter"], 3);',
  );

test("`up` is not done while a node lacks its node-exporter, even if Helm is", async () => {
  const metadata = { name: "node-exporter", namespace: "ml-node-exporter", generation: 1 };
  const daemonSet = { metadata, spec: { selector: { matchLabels: {} } } };
  const path = "/apis/apps/v1/namespaces/ml-node-exporter/daemonsets";
  api.objects.set("/apis/apps/v1/namespaces/ml/daemonsets", { items: [] });
  api.objects.set(path, { items: [daemonSet] });
  api.objects.set(`${path}/node-exporter`, { kind: "DaemonSet", ...daemonSet });
  const scheduled = { desiredNumberScheduled: 1, updatedNumberScheduled: 1, observedGeneration: 1 };
  api.status = () => ({ ...scheduled, numberAvailable: 0 });
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
  api.pods = [
    {
      metadata: { name: "node-exporter-x" },
      status: { conditions: [{ ...condition, message: "0/1 nodes are available" }] },
    },
  ];
  const { code, stderr } = await waited();
  expect(stderr).toContain(
    "DaemonSet node-exporter is not ready after 3 s: 0 of 1 pods available; pod node-exporter-x: Unschedulable: 0/1 nodes are available",
  );
  expect(code).toBe(1);

  api.status = () => ({ ...scheduled, numberAvailable: 1 });
  expect((await waited()).code).toBe(0);
});

describe("`up` ends with", () => {
  const ready = { status: 200, body: model };
  const empty = { status: 503, body: { detail: "no version of churn has the alias champion" } };
  const servers: Awaited<ReturnType<typeof standIn>>[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));
  const served = async (answer: Answer, predictions?: unknown) => {
    const server = await standIn([answer], predictions);
    servers.push(server);
    return server.url;
  };
  const welcomed = (models: object, config: object = {}) => {
    const settings = { config: { namespace: "ml", paused: false, models: {}, ...config } };
    const outputs = {
      mlflowTrackingUri: "http://127.0.0.1:30001",
      prometheusUrl: "http://prometheus.ml.svc.cluster.local:9090",
      models,
    };
    return ran(`await welcome(${JSON.stringify(settings)}, access, ${JSON.stringify(outputs)});`);
  };

  test("a line for each model, and only URLs that open in a browser", async () => {
    const page = (name: string) => `http://127.0.0.1:31344/?model=${name}`;
    const [iris, spare] = [await served(ready, ["virginica"]), await served(empty)];
    const { code, stdout, stderr } = await welcomed({
      iris: { alias: "champion", servingUrl: iris, pageUrl: page("iris") },
      "spare-one": { alias: "champion", servingUrl: spare, pageUrl: null },
    });
    expect(stdout).toContain(
      [
        "  MLflow           http://127.0.0.1:30001",
        "  Prometheus       npm run connect",
        "",
        `  iris      version 3 (champion) predicts virginica · ${iris} · ${page("iris")}`,
        `  spare-one no version of churn has the alias champion · ${spare}`,
        "",
      ].join("\n"),
    );
    expect(stderr).toMatch(/✓ Predicting with iris .*\n(.*\n)?✓ Predicting with spare-one /);
    expect(code).toBe(0);
  });

  test("an error for a model that cannot predict, after the lines of the others", async () => {
    const refusing = await served(ready, refused);
    const { code, stdout, stderr } = await welcomed({
      broken: { alias: "champion", servingUrl: refusing, pageUrl: null },
      iris: { alias: "champion", servingUrl: await served(ready), pageUrl: null },
    });
    expect(stdout).toContain("broken is not served");
    expect(stdout).toContain("iris   version 3 (champion) predicts 206.12");
    expect(stderr).toContain(
      "the model server of diabetes-progression refuses the model's own input example (500: it cannot predict)",
    );
    expect(code).toBe(1);
  });

  test("no predictions of a paused platform", async () => {
    const { stdout } = await welcomed(
      { iris: { alias: "champion", servingUrl: "http://127.0.0.1:1", pageUrl: null } },
      { paused: true },
    );
    expect(stdout).toContain("It is paused");
    expect(stdout).not.toContain("iris");
  });
});
