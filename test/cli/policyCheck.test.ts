import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { policyReport, verdictsOn } from "../../ci/brokenPolicies.ts";
import { unknownValue } from "../../local/support/propertyValues.ts";
import {
  fakeCluster,
  type FakeCluster,
  hostPortPod,
  kindNode,
  nodePortService,
  rentedNode,
} from "../support/fakeCluster.ts";

const root = resolve(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "mlops-policies-"));
const KUBECONFIG = join(folder, "kubeconfig");
let cluster: FakeCluster;

/** A rented server under a name that clusters of this machine often have. */
beforeAll(async () => {
  const listed = { nodes: [rentedNode], services: [], pods: [], namespaces: [] };
  cluster = await fakeCluster(KUBECONFIG, "docker-desktop", listed);
});
afterAll(() => {
  cluster.close();
  rmSync(folder, { recursive: true });
});

jest.setTimeout(120_000);

function mlops(args: string[], kubeconfig = KUBECONFIG) {
  const child = spawn("node", [join(root, "cli/bootstrap.mjs"), ...args], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise<{ code: number | null; text: string }>((done) =>
    child.on("close", (code) => done({ code, text })),
  );
}

const plain = ["--stack", "policed", "--engine", "builtin", "--config", "monitoring=false"];
const stack = [...plain, "--config", "trackingNodePort=30001"];
const openPort = 'open-service: Service "mlops-tracking-service": opens a NodePort';

// SECURITY.md: A policy pack judges what `npm run preview`, `npm run up` and the workflows are
// about to do, and what breaks it is not deployed.
test("`preview` ends with 1 where the plan breaks a policy, and says which", async () => {
  const { code, text } = await mlops(["preview", ...stack]);
  expect(text).toMatch(/Plan: \d+ to create/);
  expect(text).toContain(`  ✗ ${openPort}`);
  expect(text).toContain('· unprotected-claim: PersistentVolumeClaim "mlops-database-data"');
  expect(code).toBe(1);
});

test("an excepted policy is still shown", async () => {
  const { code, text } = await mlops(["preview", ...stack, "--except", "open-service"]);
  expect(text).toContain("Policies: 0 broken");
  expect(text).toContain(`  · ${openPort}`);
  expect(code).toBe(0);
});

test("no node port is open on another user's cluster, unless it is set", async () => {
  const { code, text } = await mlops(["preview", ...plain]);
  expect(text).toMatch(/Plan: \d+ to create/);
  expect(text).not.toContain("open-service");
  expect(code).toBe(0);
});

test("node ports of a cluster on this machine are allowed", async () => {
  const { code, text } = await mlops(["preview", ...stack], join(folder, "none"));
  expect(text).not.toContain("open-service");
  expect(code).toBe(0);
});

// SECURITY.md: A policy pack judges what `npm run preview`, `npm run up` and the workflows are
// about to do, and what breaks it is not deployed.
test("`up` stops before anything is built or deployed", async () => {
  const { code, text } = await mlops(["up", ...stack, "--context", "docker-desktop"]);
  expect(text).toContain("error: policies refuse this deployment; ");
  expect(text).toContain(`  ✗ ${openPort}`);
  expect(text).not.toMatch(/image|created/i);
  expect(code).toBe(1);
});

test("a port that another stack has is named with its owner before anything is built", async () => {
  const { listed } = cluster;
  cluster.listed = {
    ...listed,
    nodes: [kindNode],
    services: [nodePortService("team", "mlflow", 30001)],
    pods: [hostPortPod("monitoring", "exporter-x", 9100)],
  };
  const own = ["--stack", "policed", "--engine", "builtin"];
  try {
    for (const command of [["preview"], ["up", "--yes"]]) {
      const { code, text } = await mlops([...command, ...own]);
      expect(text).toMatch(/error: ports of the cluster are taken; .*--config KEY=VALUE/);
      expect(text).toContain(
        "trackingNodePort: port 30001 of the nodes belongs to the Service team/mlflow; set trackingNodePort to a free port such as 30002, or to 0",
      );
      expect(text).toContain("belongs to the pod monitoring/exporter-x; set nodeExporterPort");
      expect(text).not.toMatch(/Plan:|image|created/i);
      expect(code).toBe(1);
    }
  } finally {
    cluster.listed = listed;
  }
});

test("an exception from an unknown policy is refused", async () => {
  const { code, text } = await mlops(["preview", ...stack, "--except", "open-doors"]);
  expect(text).toContain("--except open-doors names no policy; the policies are public-bucket, ");
  expect(code).toBe(1);
});

describe("settings of the pack", () => {
  const service = {
    urn: "urn",
    type: "kubernetes:core/v1:Service",
    name: "web",
    protect: false,
    inputs: { spec: { type: "LoadBalancer" } },
  };
  const levels = (config: object) =>
    verdictsOn([service], "prod", config as never).map(({ level }) => level);

  test.each<[string, object, string[]]>([
    ["none", {}, ["mandatory"]],
    ["a level", { "open-service": "advisory" }, ["advisory"]],
    ["a level among settings", { "open-service": { enforcementLevel: "advisory" } }, ["advisory"]],
    ["switched off", { "open-service": "disabled" }, []],
    ["a level for all", { all: "advisory" }, ["advisory"]],
    ["one of its own settings", { "open-service": { localStacks: ["prod"] } }, []],
  ])("%s", (_, config, expected) => expect(levels(config)).toEqual(expected));

  test("a value that is known only after the update is not a fault, and secrets are judged by their values", () => {
    const secret = (value: string) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });
    const inputs = [unknownValue, secret("NodePort")].map((type) => ({ spec: { type } }));
    const verdicts = inputs.map((one) => verdictsOn([{ ...service, inputs: one }], "prod", {}));
    expect(verdicts.map((found) => found.length)).toEqual([0, 1]);
  });

  test("a report of nothing says so", () =>
    expect(policyReport([])).toBe("Policies: nothing to report"));
});
