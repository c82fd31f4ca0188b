import { type FakeGoogleCloud, startFakeGoogleCloud } from "../support/fakeGoogleCloud/index.ts";

// What Google answers to requests that no preview of its provider stops: our components refuse these arguments first.

const project = "mlops-demo";
let cloud: FakeGoogleCloud;

beforeEach(async () => {
  cloud = await startFakeGoogleCloud({ project });
  for (const api of ["sqladmin", "compute", "artifactregistry", "container"]) {
    cloud.world.enabledServices.add(`${api}.googleapis.com`);
  }
});
afterEach(() => cloud.close());

async function ask(api: string, method: string, path: string, body?: object) {
  const url = `${cloud.environment[`GOOGLE_${api}_CUSTOM_ENDPOINT`]}${path}`;
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const answer: any = await response.json();
  return { code: response.status, answer, message: answer.error?.message };
}

const instance = (settings: object, databaseVersion = "POSTGRES_17") =>
  ask("SQL", "POST", `projects/${project}/instances`, {
    name: "mlops",
    region: "europe-west1",
    databaseVersion,
    settings: { edition: "ENTERPRISE", tier: "db-custom-1-3840", ...settings },
  });

describe("Cloud SQL refuses", () => {
  test.each<[string, object, RegExp]>([
    ["a tier of another edition", { tier: "db-perf-optimized-N-2" }, /Invalid Tier/],
    [
      "a small tier without an edition",
      { edition: undefined, tier: "db-f1-micro" },
      /ENTERPRISE_PLUS/,
    ],
    [
      "recovery without backups",
      { backupConfiguration: { pointInTimeRecoveryEnabled: true } },
      /backup is disabled/,
    ],
    ["two zones without backups", { availabilityType: "REGIONAL" }, /must be enabled for REGIONAL/],
    [
      "logs kept too long",
      { backupConfiguration: { transactionLogRetentionDays: 14 } },
      /retention days 14/,
    ],
    [
      "a cache that the edition lacks",
      { dataCacheConfig: { dataCacheEnabled: true } },
      /Data cache/,
    ],
    ["a disk below 10 GB", { dataDiskSizeGb: "5" }, /Disk size/],
    ["an instance without any address", { ipConfiguration: { ipv4Enabled: false } }, /Public IP/],
  ])("%s", async (_, settings, sentence) => {
    const { code, message } = await instance(settings);
    expect(code).toBe(400);
    expect(message).toMatch(sentence);
  });

  test("a version that does not exist", async () => {
    expect((await instance({}, "POSTGRES_99")).message).toMatch(/POSTGRES_99/);
  });

  test("a name for a week after its instance is gone", async () => {
    await instance({ activationPolicy: "ALWAYS" });
    const path = `projects/${project}/instances/mlops`;
    const settle = async (operation: string) => {
      const poll = () => ask("SQL", "GET", `projects/${project}/operations/${operation}`);
      while ((await poll()).answer.status !== "DONE");
    };
    await settle("operation-1");
    const { answer } = await ask("SQL", "DELETE", path);
    await settle(answer.name);
    expect((await ask("SQL", "GET", path)).code).toBe(404);
    expect(await instance({})).toMatchObject({ code: 409, message: /one week/ });
  });
});

describe("Cloud Storage refuses", () => {
  test.each(["Upper", "goog-mlops", "a".repeat(64), "10.0.0.1"])("the name %s", async (name) => {
    const answer = await ask("STORAGE", "POST", `b?project=${project}`, { name });
    expect(answer).toMatchObject({ code: 400, message: `Invalid bucket name: '${name}'` });
  });

  test("a policy that has changed since it was read", async () => {
    await ask("STORAGE", "POST", `b?project=${project}`, { name: "mlops-models" });
    const { answer } = await ask("STORAGE", "GET", "b/mlops-models/iam");
    expect((await ask("STORAGE", "PUT", "b/mlops-models/iam", answer)).code).toBe(200);
    expect((await ask("STORAGE", "PUT", "b/mlops-models/iam", answer)).code).toBe(409);
  });
});

test("an API that is not enabled refuses everything", async () => {
  const answer = await ask("DNS", "GET", `projects/${project}/managedZones/example`);
  expect(answer).toMatchObject({ code: 403, message: /has not been used in project/ });
});

test("what nobody answers is known afterwards", async () => {
  await ask("COMPUTE", "GET", `projects/${project}/global/nothing`);
  expect(cloud.unanswered()).toMatchObject([{ method: "GET", code: 501 }]);
});
