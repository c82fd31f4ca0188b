import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Result } from "../../../cli/doctor/runChecks.ts";
import { troubleshootingTopics } from "../../../cli/doctor/report.ts";
import { checkoutRoot, workFolder } from "../../../local/support/cache.ts";
import { takeLock } from "../../../local/support/lock.ts";
import { plainKubeconfig } from "../../local/engine/fakeApi.ts";
import { FakePlatform } from "./fakePlatform.ts";
import { faultsOn } from "./faults.ts";

jest.setTimeout(120_000);

const stack = `doctor-test-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "mlops-doctor-"));
const platform = new FakePlatform();
const { api } = platform;
const deploymentFile = join(workFolder, "deployments", `${stack}.json`);
const stateFile = join(workFolder, "state", `${stack}.json`);

let server: string;
function writeDeployment(more: object): void {
  const target = { kind: "context", context: "fake", server };
  const deployment = { target, engine: "builtin", namespace: "ml", ...more };
  writeFileSync(deploymentFile, JSON.stringify(deployment));
}

beforeAll(async () => {
  const { apiServer, url } = await platform.listen();
  writeFileSync(join(folder, "kubeconfig"), plainKubeconfig(apiServer));
  for (const part of ["deployments", "state"])
    mkdirSync(join(workFolder, part), { recursive: true });
  server = apiServer;
  writeDeployment({ charts: "stand-in" });
  const outputs = {
    ...{ mlflowTrackingUri: url, modelServingUrl: url, predictionAppUrl: url },
    ...{ prometheusUrl: url, grafanaUrl: url, artifactUri: "mlflow-artifacts:/" },
    ...{ mlflowUsername: "notebook", mlflowPassword: "notebooks-password" },
    ...{ mlflowAdminPassword: "admins-password" },
    models: { iris: { alias: "champion", servingUrl: url, pageUrl: null } },
  };
  writeFileSync(stateFile, JSON.stringify({ version: 1, resources: [], obsolete: [], outputs }));
});
afterAll(() => {
  platform.close();
  for (const path of [folder, deploymentFile, stateFile]) rmSync(path, { recursive: true });
});

const doctor = (...words: string[]) => run("doctor", ...words);

function run(
  command: string,
  ...words: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const entry = join(checkoutRoot, "cli", "entry.ts");
  const settings = ["--config", "namespace=ml", "--stack", stack];
  const env = { ...process.env, KUBECONFIG: join(folder, "kubeconfig") };
  const child = spawn(process.execPath, [entry, command, ...settings, ...words], { env });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, ...output })));
}

async function examined(...words: string[]): Promise<Result[]> {
  const { stdout, stderr } = await doctor("--json", ...words);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Result[];
}

const together = faultsOn(platform);
const scaled = { iris: { autoscaling: { maxReplicas: 2, targetRequestsInFlight: 4 } } };

describe("on a healthy platform", () => {
  let results: Result[];
  beforeAll(async () => {
    results = await examined();
  });

  test("every check is ok or says why it was skipped", () => {
    expect(results.flatMap(({ findings }) => findings)).toEqual([]);
    const skipped = results.filter(({ status }) => status === "skipped");
    expect(skipped.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
      "domain: the stack has no domain",
      "certificate: the stack has no domain",
      "workload-identity: pods have no Google identity",
    ]);
  });

  test("every symptom of the troubleshooting page names an existing check", () => {
    const names = results.map(({ name }) => name);
    const lost = troubleshootingTopics().filter(({ check }) => !names.includes(check ?? ""));
    expect(lost).toEqual([]);
  });
});

describe.each(Object.entries(together))("what is wrong %s", (_, faults) => {
  let results: Result[];
  beforeAll(async () => {
    platform.reset();
    for (const [, , plant] of faults) plant();
    results = await examined(
      ...["--config", "trackingNodePort=30001"],
      ...["--config", `models=${JSON.stringify(scaled)}`],
    );
  });
  afterAll(() => platform.reset());

  test.each(faults.map(([check, words]) => [check, words]))("%s: %s", (check, words) => {
    const { findings } = results.find(({ name }) => name === check)!;
    const texts = findings.map(({ symptom, cause }) => `${symptom}: ${cause}`);
    expect(texts).toContainEqual(expect.stringContaining(words));
    for (const { fix } of findings) expect(fix).not.toBe("");
  });
});

test("an adapter for requests in flight may answer by either version of its interface", async () => {
  api.put("/apis/metrics.k8s.io/v1beta1", {});
  api.put("/apis/custom.metrics.k8s.io/v1beta2", {});
  const results = await examined("--config", `models=${JSON.stringify(scaled)}`);
  platform.reset();
  expect(results.find(({ name }) => name === "load-metrics")).toMatchObject({ status: "ok" });
});

test("a stack is judged by what its last `up` was given on the command line", async () => {
  const overrides = { monitoring: "false", storageClassName: "gold" };
  writeDeployment({ charts: "official", overrides });
  api.objects.delete("/apis/storage.k8s.io/v1/storageclasses/standard");
  api.put("/apis/storage.k8s.io/v1/storageclasses/gold", {});
  const results = await examined();
  writeDeployment({ charts: "stand-in" });
  platform.reset();
  const seen = (name: string) => results.find((result) => result.name === name);
  expect(seen("charts")).toMatchObject({ status: "skipped", detail: "monitoring is switched off" });
  expect(seen("storage-class")).toMatchObject({ status: "ok", detail: "gold" });
});

test("`up` says what a user may not do before it builds or changes anything", async () => {
  api.denied = ["create namespaces"];
  const { code, stderr } = await run("up", "--context", "fake", "--engine", "builtin");
  platform.reset();
  expect(stderr).toContain("this cluster cannot run the platform; nothing was changed\n");
  expect(stderr).toContain("it administers the namespace ml only, and may not create namespaces");
  expect(stderr).not.toContain("Packing the images");
  expect(api.writes).toEqual([]);
  expect(code).toBe(1);
});

test("the report has symptom, cause, fix and a link; a fault ends with exit code 1", async () => {
  platform.servedVersion = "2";
  const { code, stdout } = await doctor();
  platform.reset();
  expect(stdout).toMatch(
    /✗ model-servers +iris version 3 has the alias champion, but version 2 still answers\n {4}cause: .+\n {4}fix: {3}.+\n {4}more: {2}docs\/troubleshooting\.md, "A new version was promoted/,
  );
  expect(stdout).toMatch(/\n\d+ ok, 1 failed, 3 skipped\n$/);
  expect(code).toBe(1);
});

test("a run in progress is a warning, with exit code 0", async () => {
  const release = takeLock(join(workFolder, "state", `${stack}.lock`), "working on this stack");
  const { code, stdout } = await doctor();
  release();
  expect(stdout).toContain(`cause: the process ${process.pid}`);
  expect(code).toBe(0);
});

test("without a cluster the reason is named once, and what needs one is skipped", async () => {
  writeFileSync(join(folder, "kubeconfig"), plainKubeconfig("http://127.0.0.1:9"));
  const results = await examined();
  const faults = results.flatMap(({ name, findings }) =>
    findings.map(({ cause }) => `${name}: ${cause}`),
  );
  expect(faults).toEqual(["context: the context fake: nothing listens at http://127.0.0.1:9"]);
});
