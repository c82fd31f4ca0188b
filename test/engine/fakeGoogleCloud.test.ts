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

  test("a name for a week after its instance was deleted", async () => {
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

describe("a network", () => {
  const networks = `projects/${project}/global/networks`;
  const path = `${networks}/vpc`;
  const subnet = { name: "subnet", network: path, ipCidrRange: "10.10.0.0/20" };
  const range = { name: "range", network: path, purpose: "VPC_PEERING", prefixLength: 20 };
  const connections = "services/servicenetworking.googleapis.com/connections";
  const makeSubnet = () =>
    ask("COMPUTE", "POST", `projects/${project}/regions/europe-west1/subnetworks`, subnet);
  const makeRange = () => ask("COMPUTE", "POST", `projects/${project}/global/addresses`, range);
  const removePeering = () =>
    ask("COMPUTE", "POST", `${path}/removePeering`, { name: "servicenetworking-googleapis-com" });
  const connect = async () => {
    const body = { network: path, reservedPeeringRanges: ["range"] };
    const { answer } = await ask("SERVICE_NETWORKING", "POST", connections, body);
    return await ask("SERVICE_NETWORKING", "GET", answer.name);
  };

  beforeEach(async () => {
    cloud.world.enabledServices.add("servicenetworking.googleapis.com");
    await ask("COMPUTE", "POST", networks, { name: "vpc" });
  });

  test("is not deleted while Google's services are peered with it", async () => {
    await makeRange();
    await connect();
    expect(await ask("COMPUTE", "DELETE", path)).toMatchObject({
      code: 400,
      message: /already being used by .*networkPeerings\/servicenetworking-googleapis-com/,
    });
    await removePeering();
    expect((await ask("COMPUTE", "DELETE", path)).code).toBe(200);
  });

  test("loses Cloud SQL when the peering is removed too early", async () => {
    await makeRange();
    await connect();
    const ipConfiguration = { ipv4Enabled: false, privateNetwork: path };
    await instance({ ipConfiguration });
    await removePeering();
    const { answer } = await ask("SQL", "GET", `projects/${project}/instances/mlops`);
    expect(answer.state).toBe("FAILED");
  });

  test("is not deleted while GKE's endpoint groups are in it", async () => {
    cloud.world.add(`projects/${project}/zones/b/networkEndpointGroups/k8s1`, { network: path });
    expect(await ask("COMPUTE", "DELETE", path)).toMatchObject({
      code: 400,
      message: /already being used by .*networkEndpointGroups/,
    });
  });

  test("gets a range for services that no subnet has, but that a later subnet may need", async () => {
    await makeRange();
    expect(await makeSubnet()).toMatchObject({ code: 400, message: /an allocated range/ });
    const other = { ...range, name: "other" };
    await ask("COMPUTE", "POST", `projects/${project}/global/addresses`, other);
    const { answer } = await ask("COMPUTE", "GET", `projects/${project}/global/addresses/other`);
    expect(answer.address).toBe("10.10.16.0");
  });

  test("is peered only once the service agent has its role", async () => {
    await makeRange();
    cloud.world.agentAttempts = 1;
    expect((await connect()).answer.error).toEqual({
      code: 7,
      message: `Required 'compute.globalAddresses.list' permission for 'projects/123456789012'`,
    });
    expect((await connect()).answer.response).toMatchObject({ network: path });
  });
});

describe("Kubernetes Engine", () => {
  const clusters = (location: string) => `projects/${project}/locations/${location}/clusters`;
  const cluster = {
    name: "mlops",
    subnetwork: `projects/${project}/regions/europe-west1/subnetworks/subnet`,
    ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "pods" },
  };
  const make = (location: string, more: object) =>
    ask("CONTAINER", "POST", clusters(location), { cluster: { ...cluster, ...more } });

  beforeEach(() => {
    const secondaryIpRanges = [{ rangeName: "pods", ipCidrRange: "10.20.0.0/16" }];
    cloud.world.add(cluster.subnetwork, { name: "subnet", secondaryIpRanges });
  });

  test("refuses disks beyond the quota of a new project, and makes nothing then", async () => {
    expect(await make("europe-west1", { initialNodeCount: 1 })).toMatchObject({
      code: 403,
      message: /"SSD_TOTAL_GB": request requires '300.0' and is short '50.0'/,
    });
    expect(cloud.world.paths().filter((path) => path.includes("/clusters/"))).toEqual([]);
    expect((await make("europe-west1-b", { initialNodeCount: 1 })).code).toBe(200);
  });

  test("takes small non-SSD disks in three zones", async () => {
    const nodeConfig = { diskType: "pd-standard", diskSizeGb: 30 };
    expect((await make("europe-west1", { initialNodeCount: 1, nodeConfig })).code).toBe(200);
  });

  test("collects billed metrics on Autopilot, unless they are listed", async () => {
    const collected = async (name: string, more: object) => {
      await make("europe-west1", { name, autopilot: { enabled: true }, ...more });
      const { answer } = await ask("CONTAINER", "GET", `${clusters("europe-west1")}/${name}`);
      return answer.monitoringConfig.componentConfig.enableComponents;
    };
    expect(await collected("by-default", {})).toContain("CADVISOR");
    const componentConfig = { enableComponents: ["SYSTEM_COMPONENTS"] };
    const monitoringConfig = { componentConfig };
    expect(await collected("chosen", { monitoringConfig })).toEqual(["SYSTEM_COMPONENTS"]);
  });
});

test("an organization may forbid keys of service accounts", async () => {
  cloud.world.enabledServices.add("iam.googleapis.com");
  cloud.world.forbidsKeys = true;
  const accounts = `projects/${project}/serviceAccounts`;
  await ask("IAM_BETA", "POST", accounts, { accountId: "mlops-dev", serviceAccount: {} });
  const email = `mlops-dev@${project}.iam.gserviceaccount.com`;
  expect(await ask("IAM_BETA", "POST", `${accounts}/${email}/keys`, {})).toMatchObject({
    code: 400,
    message: "Key creation is not allowed on this service account.",
  });
});

test("an API that was just enabled refuses for a while", async () => {
  const api = "services/dns.googleapis.com";
  const { answer } = await ask("SERVICE_USAGE", "POST", `projects/${project}/${api}:enable`);
  await ask("SERVICE_USAGE", "GET", answer.name);
  const look = async () =>
    (await ask("DNS", "GET", `projects/${project}/managedZones/example`)).code;
  expect([await look(), await look(), await look()]).toEqual([403, 403, 404]);
});

test("an API that is not enabled refuses everything", async () => {
  const answer = await ask("DNS", "GET", `projects/${project}/managedZones/example`);
  expect(answer).toMatchObject({ code: 403, message: /has not been used in project/ });
});

test("unanswered requests are listed afterwards", async () => {
  await ask("COMPUTE", "GET", `projects/${project}/global/nothing`);
  expect(cloud.unanswered()).toMatchObject([{ method: "GET", code: 501 }]);
});
