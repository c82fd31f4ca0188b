import { isSecret, output } from "@pulumi/pulumi";
import { objects } from "../support/cases.ts";
import { runProgram } from "../support/program.ts";
import { type Combination, combinations } from "../support/targets.ts";
import type { Recorded, Recording } from "../support/recorder.ts";

/*
 * The two choices of a stack, where its pods run and where its data lives, in all four combinations: what each is
 * made of, what waits for what, what is protected, and that nothing secret leaves its envelope. It takes seconds: each
 * combination is recorded as a whole, deployed and previewed.
 */

const all = Object.entries(combinations) as [Combination, Record<string, unknown>][];

const recordings = {} as Record<Combination, Recording<Record<string, unknown>>>;
beforeAll(async () => {
  for (const [name, settings] of all) recordings[name] = await runProgram(settings);
});

/** A resource with its parent and every option that decides about its life, on one line. */
const line = ({ type, name, parent, options }: Recorded) =>
  [
    type,
    name,
    ...(parent === undefined ? [] : [`< ${parent}`]),
    ...Object.entries(options)
      .filter(([option]) => option !== "dependsOn")
      .map(([option, value]) => `${option}=${String(value)}`),
    ...(options.dependsOn ? [`after ${options.dependsOn.join(" ")}`] : []),
  ].join(" ");

describe.each(all)("cluster and dataStores: %s", (name, settings) => {
  test("is exactly this tree, with these protections and in this order", () => {
    expect(recordings[name].resources.map(line).sort()).toMatchSnapshot();
  });

  test("previews while no output is known yet", async () => {
    const { resources } = await runProgram(settings, { preview: true });
    const urns = (recorded: readonly Recorded[]) => recorded.map(({ urn }) => urn).sort();
    expect(urns(resources)).toEqual(urns(recordings[name].resources));
  });

  test("sends everything to the two named providers", () => {
    const { resources } = recordings[name];
    const strays = resources.filter(
      ({ type, options }) =>
        (type.startsWith("gcp:") && options.provider !== "google") ||
        (type.startsWith("kubernetes:") && options.provider !== "cluster"),
    );
    expect(strays).toEqual([]);
  });

  test("retries only resources on Google Cloud while the APIs become ready", () => {
    const { resources } = recordings[name];
    expect(resources.filter(({ errorHooks }) => errorHooks.length > 0)).toEqual(
      resources.filter(({ type }) => type.startsWith("gcp:")),
    );
  });

  test("keeps every secret output secret", () => {
    expect(leaks(recordings[name].resources)).toEqual([]);
    // there are some to keep
    expect(JSON.stringify(recordings[name].resources)).toContain("MARKER-");
  });
});

/** Names of the resources that show something secret in the clear. */
const leaks = (resources: readonly Recorded[]) =>
  resources.flatMap(({ name, inputs, outputs }) =>
    JSON.stringify(unsealed({ inputs, outputs: outputs ?? {} })).includes("MARKER-") ? [name] : [],
  );

const valueOf = (value: unknown) =>
  new Promise((resolve) => void output(value as string).apply(resolve));

/** The same without what is inside an envelope of Pulumi's. */
function unsealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unsealed);
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value) return "sealed";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unsealed(inner)]));
}

/** Names of everything that is not begun before `start` is there. */
function waitingFor(start: string, resources: readonly Recorded[]): Set<string> {
  const waiting = new Set([start]);
  for (let before = 0; before !== waiting.size;) {
    before = waiting.size;
    for (const { name, parent, options } of resources) {
      const needs = [...(options.dependsOn ?? []), ...(parent ? [parent] : [])];
      if (needs.some((need) => waiting.has(need))) waiting.add(name);
    }
  }
  waiting.delete(start);
  return waiting;
}

test("only MLflow waits for Cloud SQL, which takes longest", () => {
  const { resources } = recordings["gke, gcp"];
  const waiting = waitingFor("mlops-cloud-sql-instance", resources);
  const pods = objects(resources)
    .filter(({ type }) => /:(Deployment|StatefulSet|DaemonSet|Job|CronJob|Release)$/.test(type))
    .map(({ name }) => name);
  expect(pods.filter((name) => waiting.has(name)).sort()).toEqual([
    // it never runs by itself
    "mlops-copy-job",
    "mlops-tracking-migration",
    "mlops-tracking-server",
    // no model can be trained before MLflow is there
    "mlops-training-diabetes-progression-job",
  ]);
  const cluster = [
    "mlops-vpc-network",
    "mlops-gke-cluster",
    "mlops-gke-pool",
    "mlops-bucket-bucket",
  ];
  expect(cluster.filter((name) => waiting.has(name))).toEqual([]);
});

test.each(["gke, gcp", "current, gcp"] as const)(
  "MLflow starts when it may reach its stores: %s",
  (name) => {
    const { options } = recordings[name].find("mlops-tracking-server");
    expect(options.dependsOn).toEqual(
      expect.arrayContaining([
        "mlops-tracking-identity-bucket",
        "mlops-tracking-identity-instance",
      ]),
    );
  },
);

test("pods wait for nodes, and Cloud SQL for neither", () => {
  const { resources } = recordings["gke, gcp"];
  const waiting = waitingFor("mlops-gke-pool", resources);
  expect([...waiting]).toContain("cluster");
  expect(waiting.has("mlops-cloud-sql-instance")).toBe(false);
});

test("resources with data are protected in Pulumi and on Google Cloud, unless the stack disables it", async () => {
  const holders = ["mlops-cloud-sql-instance", "mlops-bucket-bucket", "mlops-gke-cluster"];
  for (const name of holders) {
    expect(recordings["gke, gcp"].find(name).options.protect).toBe(true);
  }
  const { find } = await runProgram({ ...combinations["gke, gcp"], protectData: false });
  for (const name of holders) expect(find(name).options.protect).toBeUndefined();
  expect(find("mlops-cloud-sql-instance").inputs).toMatchObject({ deletionProtection: false });
  expect(find("mlops-gke-cluster").inputs).toMatchObject({ deletionProtection: false });
  expect(find("mlops-bucket-bucket").inputs).toMatchObject({ forceDestroy: true });
});

test("there is no key where the cluster itself vouches for its pods", () => {
  const keys = (name: Combination) =>
    recordings[name].resources.filter(({ type }) => type === "gcp:serviceaccount/key:Key").length;
  expect([keys("gke, gcp"), keys("current, gcp")]).toEqual([0, 1]);
});

test.each([
  ["a key is made", "current, gcp", "mlops-tracking-identity-key", "mlops-cloud-sql-instance"],
  ["the subnet has its addresses", "gke, gcp", "mlops-vpc-subnet", "mlops-vpc-services-range"],
] as const)("once %s, Google starts with Cloud SQL: %s", (_, name, first, then) => {
  expect([...waitingFor(first, recordings[name].resources)]).toContain(then);
});

test("Cloud SQL has a private address on GKE, and a public one without open networks elsewhere", () => {
  const addresses = (name: Combination) => {
    const { settings } = recordings[name].find("mlops-cloud-sql-instance").inputs;
    return (settings as { ipConfiguration: Record<string, unknown> }).ipConfiguration;
  };
  expect(addresses("gke, gcp")).toMatchObject({ ipv4Enabled: false });
  expect(addresses("gke, gcp")["privateNetwork"]).toBeDefined();
  expect(addresses("current, gcp")).toMatchObject({ ipv4Enabled: true });
  expect(addresses("current, gcp")["authorizedNetworks"]).toBeUndefined();
});

test("a GKE stack outputs its cost, its cluster's location and its image registry", async () => {
  const { result } = recordings["gke, gcp"];
  expect(await valueOf(result["clusterLocation"])).toBe("europe-west1");
  expect(await valueOf(result["imageRepositoryUrl"])).toBe(
    "europe-west1-docker.pkg.dev/mlops-test/mlops",
  );
  expect(await valueOf(result["artifactUri"])).toMatch(/^gs:\/\/mlops-test-/);
  expect(await valueOf(result["monthlyCostUsd"])).toBeGreaterThan(100);
  expect(await valueOf(recordings["current, cluster"].result["monthlyCostUsd"])).toBe(0);
  expect(result["mlflowTrackingUri"] && (await valueOf(result["mlflowTrackingUri"]))).toBe(
    "http://mlflow.mlops.svc.cluster.local:5000",
  );
});

describe("under a domain", () => {
  const onDomain = { ...combinations["gke, gcp"], domain: "ml.example.org" };
  const login = {
    oidcIssuerUrl: "https://login.example.org",
    oidcClientId: "mlops",
    oidcClientSecret: "MARKER-oidc-%@:/?#",
    oidcEmailDomain: "example.org",
  };

  test("people reach every part over HTTPS, but the model server only behind a login", async () => {
    const { result } = await runProgram(onDomain);
    const behindLogin = (await runProgram({ ...onDomain, ...login })).result;
    const urls = async (of: Record<string, unknown>) =>
      Promise.all(
        ["mlflowTrackingUri", "predictionAppUrl", "grafanaUrl", "modelServingUrl"].map((name) =>
          valueOf(of[name]),
        ),
      );
    const opened = ["mlflow", "predict", "grafana"].map((host) => `https://${host}.ml.example.org`);
    const inside = "http://model-server-diabetes-progression.mlops.svc.cluster.local:8080";
    expect(await urls(result)).toEqual([...opened, inside]);
    expect(await urls(behindLogin)).toEqual([
      ...opened,
      "https://models.ml.example.org/diabetes-progression",
    ]);
  });

  test("the secret of the login stays secret, and the required records are output", async () => {
    const { resources, result } = await runProgram({ ...onDomain, ...login });
    expect(leaks(resources)).toEqual([]);
    expect(JSON.stringify(resources)).toContain("MARKER-oidc");
    expect(await valueOf(result["dnsRecords"])).toContainEqual(
      expect.stringContaining("mlflow.ml.example.org"),
    );
  });

  test("with a zone of Cloud DNS the records are written", async () => {
    const { resources } = await runProgram({ ...onDomain, dnsZone: "example-org" });
    const records = resources.filter(({ type }) => type === "gcp:dns/recordSet:RecordSet");
    expect(records.length).toBeGreaterThan(3);
  });
});

test("the user's own registry replaces the repository", async () => {
  const { resources, result } = await runProgram({
    ...combinations["gke, cluster"],
    imageRegistry: "registry.example.org/ml",
  });
  expect(resources.filter(({ type }) => type.startsWith("gcp:artifactregistry/"))).toEqual([]);
  expect(result["imageRepositoryUrl"]).toBeNull();
});

test("secret outputs are secret on Google Cloud too", async () => {
  const { notebookEnv, mlflowPassword, monthlyCostUsd } = recordings["gke, gcp"].result;
  const secrecy = await Promise.all(
    [notebookEnv, mlflowPassword, monthlyCostUsd].map((output) => isSecret(output as never)),
  );
  expect(secrecy).toEqual([true, true, false]);
});
