import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { policyReport, verdictsOn } from "../../local/preview/policies.ts";
import { unknownValue } from "../../local/engine/values.ts";

const root = resolve(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "mlops-policies-"));
const KUBECONFIG = join(folder, "kubeconfig");
let server: Server;

/** A cluster by a name that no cluster of this machine has. It answers, and has nothing. */
beforeAll(async () => {
  const version = JSON.stringify(
    Object.fromEntries(
      ["major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion"]
        .concat("compiler", "platform")
        .map((key) => [key, "1"]),
    ),
  );
  server = createServer(({ url }, response) => {
    response.writeHead(url === "/version" ? 200 : 404, { "content-type": "application/json" });
    response.end(version);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = {
    "current-context": "away",
    contexts: [{ name: "away", context: { cluster: "away", user: "me" } }],
    clusters: [{ name: "away", cluster: { server: address, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: {} }],
  };
  writeFileSync(KUBECONFIG, JSON.stringify(text));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

jest.setTimeout(120_000);

function mlops(args: string[], kubeconfig = KUBECONFIG) {
  const child = spawn("node", [join(root, "local/bootstrap.mjs"), ...args], {
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

const stack = ["--stack", "policed", "--engine", "builtin", "--config", "monitoring=false"];
const openPort = 'open-service: Service "mlops-tracking-service": opens a NodePort';

test("`preview` ends with 1 where the plan breaks a policy, and says which", async () => {
  const { code, text } = await mlops(["preview", ...stack]);
  expect(text).toMatch(/Plan: \d+ to create/);
  expect(text).toContain(`  ✗ ${openPort}`);
  expect(text).toContain('· unprotected-claim: PersistentVolumeClaim "mlops-database-data"');
  expect(code).toBe(1);
});

test("a policy that is excepted is shown all the same", async () => {
  const { code, text } = await mlops(["preview", ...stack, "--except", "open-service"]);
  expect(text).toContain("Policies: 0 broken");
  expect(text).toContain(`  · ${openPort}`);
  expect(code).toBe(0);
});

test("node ports of a cluster on this machine are nobody's concern", async () => {
  const { code, text } = await mlops(["preview", ...stack], join(folder, "none"));
  expect(text).not.toContain("open-service");
  expect(code).toBe(0);
});

test("`up` stops before anything is built or deployed", async () => {
  const { code, text } = await mlops(["up", ...stack, "--context", "away"]);
  expect(text).toContain("error: policies refuse this deployment; ");
  expect(text).toContain(`  ✗ ${openPort}`);
  expect(text).not.toMatch(/image|created/i);
  expect(code).toBe(1);
});

test("an exception from a policy that there is not is refused", async () => {
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

  test("what is known only after the update is no fault, and secrets are read as what they hold", () => {
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
