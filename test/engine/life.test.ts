import { which } from "../../local/support/process.ts";
import { describeOtherStates } from "../e2e/ownership.ts";
import { describeKilledRuns } from "../e2e/killedRuns.ts";
import { api, cleanSlate, commandLine, namespace, reasonToSkip } from "../e2e/support/platform.ts";

// The same life as with the built-in engine, through the real Pulumi CLI. Where MLOPS_TEST_CONTEXT names a context
// (kind in the workflow) it is deployed there, else to the local cluster.

const context = process.env["MLOPS_TEST_CONTEXT"];
const target = context ? ["--context", context] : ["--local-cluster"];
const cli = commandLine("e2e-cli", ...target, "--engine", "pulumi");

function reason(): string | undefined {
  const programs = ["pulumi", "pulumi-language-nodejs"];
  const plugins = ["pulumi-resource-kubernetes", "pulumi-resource-random"];
  // the CLI fetches plugins itself unless that is disabled
  const mustBeThere = process.env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] === "true";
  const missing = [...programs, ...(mustBeThere ? plugins : [])].filter((name) => !which(name));
  if (missing.length > 0) return `${missing.join(", ")} not on PATH`;
  return context ? undefined : reasonToSkip();
}

const skipped = reason();
const suite = skipped ? describe.skip : describe;

suite(`a stack with the Pulumi CLI${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(40 * 60_000);

  beforeAll(async () => {
    if (!context) await cleanSlate();
  });
  afterAll(async () => {
    if (context) await cli.mlops("down", "--delete-data", "--yes");
    else await cleanSlate();
  });

  test("`preview` shows what will be made, without a cluster", async () => {
    const { code, stdout } = await cli.mlops("preview", "--engine", "pulumi", ...target);
    expect(stdout).toMatch(/\+ \d+ to create/);
    expect(code).toBe(0);
  });

  test("`up` ends with a prediction, and with the outputs that the built-in engine gives", async () => {
    const { code, stdout } = await cli.up();
    expect(stdout).toMatch(/diabetes-progression version \d+ \(champion\) predicts \d/);
    expect(code).toBe(0);
    // where the official charts cannot be reached there is no Grafana
    const given = Object.entries(await cli.outputs()).filter(([, value]) => value !== null);
    const names = given.map(([name]) => name).filter((name) => !name.startsWith("grafana"));
    expect(names.sort()).toEqual([
      "alertmanagerUrl",
      "artifactUri",
      "backupPassword",
      "databaseHost",
      "mlflowAdminPassword",
      "mlflowPassword",
      "mlflowTrackingUri",
      "mlflowUsername",
      "modelServingUrl",
      "models",
      "monthlyCostUsd",
      "notebookEnv",
      "peoplePasswords",
      "predictionAppUrl",
      "prometheusUrl",
    ]);
  });

  test("passwords are shown only on request", async () => {
    const { mlflowPassword } = await cli.outputs();
    const { stdout } = await cli.mlops("outputs");
    expect(stdout).toMatch(/mlflowPassword +\[secret\]/);
    expect(stdout).not.toContain(mlflowPassword);
  });

  test("a second `up` changes nothing", async () => {
    const { code, stdout } = await cli.up();
    expect(stdout).toMatch(/Resources:\s+\d+ unchanged/);
    expect(code).toBe(0);
  });

  describeOtherStates(cli, target);

  test("a changed setting changes one object of the cluster, and `up` reverts a manual scaling", async () => {
    if (!context) {
      const scale =
        "/apis/apps/v1/namespaces/mlops/statefulsets/postgres/scale?fieldManager=kubectl";
      expect((await api().call("PATCH", scale, { spec: { replicas: 0 } })).status).toBe(200);
    }
    const { code, stdout } = await cli.up("--config", "predictionReplicas=3");
    const updated = [...stdout.matchAll(/~ +kubernetes:\S+ (\S+) updated /g)].map(
      ([, name]) => name,
    );
    expect(new Set(updated)).toEqual(
      new Set(["mlops-prediction-server", ...(context ? [] : ["mlops-database-server"])]),
    );
    expect(stdout).not.toMatch(/\d+ (created|replaced|deleted)/);
    expect(code).toBe(0);
  });

  test("`down --keep-data` keeps claims and passwords, and `up` finds them again", async () => {
    const before = await cli.outputs();
    expect((await cli.mlops("down", "--keep-data")).code).toBe(0);
    const { code, stdout } = await cli.up();
    expect(stdout).toMatch(/version \d+ \(champion\) predicts/);
    expect(code).toBe(0);
    expect((await cli.outputs())["mlflowPassword"]).toBe(before["mlflowPassword"]);
  });

  test("`down --delete-data` deletes everything", async () => {
    const { code, stdout } = await cli.mlops("down", "--delete-data", "--yes");
    expect(stdout).toMatch(/- \d+ deleted/);
    expect(code).toBe(0);
    if (!context) await expect(api().get(`/api/v1/namespaces/${namespace}`)).rejects.toThrow();
  });

  describeKilledRuns(cli, { lives: 5, kills: 2, withinSeconds: 90 });
});
