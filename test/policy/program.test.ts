import { policies } from "../../policy/policies.ts";
import { runProgram } from "../support/program.ts";
import type { Json, Recorded } from "../support/recorder.ts";
import { google, noNodePorts } from "../support/targets.ts";
import { isObject, isSecret } from "../support/wire.ts";
import { judged } from "./judged.ts";

/*
 * The whole pack over the whole program, in each of its four combinations and once more with everything unknown.
 * It takes seconds, because whole programs are recorded.
 */

const gke = { ...google, ...noNodePorts, cluster: "gke" };

/** Inputs as a policy is given them: with the secrets taken out of their envelopes. */
function opened(value: Json): Json {
  if (isSecret(value)) return opened(value["value"] ?? null);
  if (Array.isArray(value)) return value.map(opened);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}

/** What the pack says of a program, by policy and resource. */
function verdicts(resources: readonly Recorded[], stack: string): string[] {
  const given = resources.map(({ type, name, inputs, options }) => ({
    type,
    name,
    stack,
    props: opened(inputs) as object,
    protect: options.protect === true,
  }));
  return policies.flatMap(({ name, enforcementLevel }) =>
    judged(name, given).map(
      (said) => `${enforcementLevel} ${name}: ${/^\w+ "[^"]+"/.exec(said)?.[0]}`,
    ),
  );
}

const claims = ["mlops-database-data", "mlops-artifacts-data", "mlops-backup-data"];
const monitoringClaims = ["mlops-prometheus-data", "mlops-grafana-data"];
const unprotected = (...names: string[]) =>
  names.map((name) => `advisory unprotected-claim: PersistentVolumeClaim "${name}"`);

test.each<[string, Record<string, unknown>, string, string[]]>([
  ["dev, on a cluster that is not known", noNodePorts, "dev", []],
  [
    "current with Cloud SQL and a bucket",
    { ...google, dataStores: "gcp" },
    "prod",
    [
      'advisory database-address-outside-google: DatabaseInstance "mlops-cloud-sql-instance"',
      ...unprotected(...monitoringClaims),
      'advisory service-account-key: Key "mlops-tracking-identity-key"',
      'mandatory open-service: Release "mlops-grafana-release"',
      ...["prediction", "serving-diabetes-progression", "tracking"].map(
        (part) => `mandatory open-service: Service "mlops-${part}-service"`,
      ),
    ],
  ],
  ["gke with data in the cluster", gke, "prod", unprotected(...claims, ...monitoringClaims)],
  ["gke", { ...gke, dataStores: "gcp" }, "prod", unprotected(...monitoringClaims)],
  [
    "gke with everything: Autopilot, a domain, a login",
    {
      ...gke,
      dataStores: "gcp",
      gkeMode: "autopilot",
      gkeZone: "",
      nodeExporter: false,
      domain: "mlops.example.com",
      oidcIssuerUrl: "https://accounts.google.com",
      oidcClientId: "platform",
      oidcClientSecret: "hush",
      oidcEmailDomain: "example.com",
    },
    "prod",
    unprotected(...monitoringClaims),
  ],
  [
    "gke with spot nodes and a GPU, paused",
    {
      ...gke,
      dataStores: "gcp",
      gkeSpot: true,
      gkeGpu: "nvidia-l4",
      trainingGpu: true,
      paused: true,
      protectData: false,
    },
    "dev",
    [],
  ],
  [
    "gke without protection",
    { ...gke, dataStores: "gcp", protectData: false, monitoring: false },
    "prod",
    [
      'mandatory unprotected-data: Bucket "mlops-bucket-bucket"',
      'mandatory unprotected-data: DatabaseInstance "mlops-cloud-sql-instance"',
    ],
  ],
  [
    "gke with a public address of the database",
    { ...gke, dataStores: "gcp", cloudSqlAddress: "public", monitoring: false },
    "prod",
    ['mandatory database-address: DatabaseInstance "mlops-cloud-sql-instance"'],
  ],
])("%s", async (_, settings, stack, expected) => {
  const { resources } = await runProgram(settings);
  expect(verdicts(resources, stack).sort()).toEqual([...expected].sort());
});

test.each([
  ["current", noNodePorts],
  ["gke", { ...gke, dataStores: "gcp" }],
])("at the first preview of %s nothing unknown is taken for a fault", async (_, settings) => {
  const { resources } = await runProgram(settings, { preview: true });
  const refused = verdicts(resources, "prod").filter((line) => line.startsWith("mandatory"));
  expect(refused).toEqual([]);
});
