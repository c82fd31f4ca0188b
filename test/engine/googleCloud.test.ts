import { accessToken, addObject } from "../support/fakeGoogleCloud/index.ts";
import { gatewayApi } from "./support/gatewayApi.ts";
import {
  offlineSettings,
  openWorkplace,
  project,
  reasonToSkipGoogle,
  type Workplace,
} from "./support/googleStack.ts";
import { changesIn, destroyAll, PulumiStack, steps } from "./support/pulumiStack.ts";

// The real Pulumi CLI and Google's real provider, against a fake of Google's APIs and a real Kubernetes API server.

const skipped = reasonToSkipGoogle();
const suite = skipped ? describe.skip : describe;
const settings = offlineSettings();
const domain = {
  domain: "mlops.example.org",
  dnsZone: "example",
  oidcIssuerUrl: "https://accounts.google.com",
  oidcClientId: "client",
  oidcEmailDomain: "example.org",
};

suite(`Google Cloud through its real provider${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(20 * 60_000);
  let place: Workplace;

  beforeAll(async () => {
    place = await openWorkplace();
  });
  afterAll(async () => {
    await place.close();
  });
  const world = () => place.cloud.world;
  const one = (kind: RegExp) =>
    world()
      .paths()
      .filter((path) => kind.test(path));
  const instance = () => world().get(one(/\/instances\/[^/]+$/)[0]!);

  describe("the stack gke", () => {
    let stack: PulumiStack;
    const configure = (overrides: Record<string, string> = {}) =>
      stack.configure("Pulumi.gke.yaml", { ...settings, ...overrides });

    const configureDomain = async (overrides: Record<string, string> = {}) => {
      configure({ ...domain, ...overrides });
      const secret = ["oidcClientSecret", "a-secret-of-nobody"];
      expect(await stack.run("config set --secret", ...secret)).toMatchObject({ code: 0 });
    };

    const expectNoChange = async () => {
      const { code, output } = await stack.up("--refresh", "--expect-no-changes", "--diff");
      expect(changesIn(output)).toEqual([]);
      expect(code).toBe(0);
    };

    beforeAll(async () => {
      stack = new PulumiStack("gke", place.environment);
      configure();
      await stack.create();
    });
    afterAll(() => stack.remove());

    test.each([
      ["gke", "gcp"],
      ["gke", "cluster"],
      ["current", "gcp"],
      ["current", "cluster"],
    ])("`preview` of cluster %s with data stores %s asks Google for nothing", async (...kinds) => {
      const [cluster, dataStores] = kinds;
      configure({ cluster, dataStores, gkeZone: "" });
      const before = place.cloud.seen.length;
      const { code, output } = await stack.run("preview");
      expect(output).toMatch(/\+ \d+ to create/);
      expect(code).toBe(0);
      const { seen } = place.cloud;
      expect(seen.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
    });

    test("`preview` with a domain and a login shows the gateway and the records", async () => {
      await configureDomain();
      const { code, output } = await stack.run("preview");
      expect(output).toMatch(/gcp:certificatemanager:Certificate +mlops-domain-certificate/);
      expect(output).toMatch(/PlatformGateway/);
      expect(code).toBe(0);
    });

    test("an argument that Google would refuse in the middle of `up` leaves nothing behind", async () => {
      configure({ cloudSqlTier: "db-perf-optimized-N-2" });
      const { code, output } = await stack.run("up", "--yes");
      expect(output).toMatch(/tier/i);
      expect(code).not.toBe(0);
      expect(one(/^(?!zones\/)/)).toEqual([]);
    });

    test("`up` makes everything", async () => {
      configure();
      const { code, output } = await stack.up();
      expect(output).toMatch(/\+ \d+ created/);
      expect(code).toBe(0);
      const { artifactUri, clusterName } = await stack.outputs();
      expect(one(/^b\/[^/]+$/)).toEqual([`b/${String(artifactUri).slice("gs://".length)}`]);
      expect(one(/\/clusters\/[^/]+$/)).toEqual([
        `projects/${project}/locations/europe-west1-b/clusters/${String(clusterName)}`,
      ]);
      addObject(world(), String(artifactUri).slice("gs://".length), "1/artifacts/MLmodel");
    });

    test("a second `up` changes nothing, also after a refresh", async () => {
      await expectNoChange();
    });

    test("the state and the CLI's output contain no secret in plaintext", async () => {
      const state = await stack.state();
      const { mlflowPassword, mlflowAdminPassword } = await stack.outputs();
      const secrets = [...world().secrets, String(mlflowPassword), String(mlflowAdminPassword)];
      expect(secrets).toHaveLength(3);
      for (const secret of [...secrets, accessToken]) expect(state).not.toContain(secret);
    });

    test("another tier changes the instance in place", async () => {
      configure({ cloudSqlTier: "db-custom-2-7680" });
      const { code, output } = await stack.up();
      expect(steps(output)).toEqual(["updated mlops-cloud-sql-instance"]);
      expect(code).toBe(0);
      expect(instance()["settings"].tier).toBe("db-custom-2-7680");
    });

    test("a disk that has grown automatically keeps its size", async () => {
      instance()["settings"].dataDiskSizeGb = "20";
      const { code, output } = await stack.up("--refresh");
      expect(steps(output)).toEqual([]);
      expect(code).toBe(0);
      expect(instance()["settings"].dataDiskSizeGb).toBe("20");
    });

    // SECURITY.md: What has data is protected in Pulumi and at Google until the stack says
    // otherwise.
    test("protected data is not deleted", async () => {
      const before = world().paths();
      const { code, output } = await stack.run("destroy", "--yes");
      const refused = output.matchAll(/::([^:\s]+)" cannot be deleted\s+because it is protected/g);
      expect([...new Set([...refused].map(([, name]) => name))].sort()).toEqual([
        "mlops-bucket-bucket",
        "mlops-cloud-sql-auth-database",
        "mlops-cloud-sql-database",
        "mlops-cloud-sql-user",
        "mlops-gke-cluster",
      ]);
      expect(code).not.toBe(0);
      expect(world().paths()).toEqual(before);
    });

    // SECURITY.md: What has data is protected in Pulumi and at Google until the stack says
    // otherwise.
    test("`protectData: false` lifts every lock in place", async () => {
      configure({ protectData: "false" });
      const { code, output } = await stack.up();
      expect(steps(output)).toEqual([
        "updated mlops-bucket-bucket",
        "updated mlops-cloud-sql-instance",
        "updated mlops-gke-cluster",
      ]);
      expect(code).toBe(0);
      expect(instance()["settings"].deletionProtectionEnabled).toBe(false);
    });

    test("`paused` stops the instance and the nodes in place, and is undone in place", async () => {
      configure({ protectData: "false", paused: "true" });
      const paused = await stack.up();
      expect(paused.output).not.toMatch(/\d+ (replaced|deleted)/);
      expect(paused.code).toBe(0);
      expect(instance()["settings"].activationPolicy).toBe("NEVER");
      expect(world().get(one(/\/nodePools\//)[0]!)["initialNodeCount"]).toBe(0);
      await expectNoChange();

      configure({ protectData: "false" });
      const resumed = await stack.up();
      expect(resumed.output).not.toMatch(/\d+ (replaced|deleted)/);
      expect(resumed.code).toBe(0);
      expect(instance()["settings"].activationPolicy).toBe("ALWAYS");
      await expectNoChange();
    });

    test("a domain with a login adds a certificate, records and a gateway", async () => {
      const remove = await gatewayApi(place.api);
      await configureDomain({ protectData: "false" });
      const { code, output } = await stack.up();
      expect(output).not.toMatch(/\d+ (replaced|deleted)/);
      expect(code).toBe(0);
      const names = one(/^zones\/example\//).map((path) => path.split("/")[2]);
      expect(names).toContain("mlflow.mlops.example.org.");
      expect(names).toContain("_acme-challenge.mlops.example.org.");
      await expectNoChange();

      configure({ protectData: "false" });
      const without = await stack.up();
      expect(without.code).toBe(0);
      expect(one(/^zones\/example\//)).toEqual([]);
      await remove();
    });

    test("`down` deletes everything, including the content of the bucket and the peering of the network", async () => {
      const runs = await destroyAll(stack, place.tools);
      expect(runs.map(({ code }) => code === 0)).toEqual([false, true]);
      expect(runs[0]!.output).toMatch(/networkPeerings\/servicenetworking-googleapis-com/);
      expect(one(/^(?!zones\/|reserved\/)/)).toEqual([]);
    });
  });

  test("every request was answered", () => {
    expect(place.cloud.unanswered()).toEqual([]);
  });
});
