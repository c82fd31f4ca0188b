import {
  PersonRole,
  TrackingPermission,
  type TrackingServerArgs,
} from "../../../components/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import {
  databaseOfMine as database,
  makeTracking as make,
  trackingArgs as base,
} from "../../support/fixtures.ts";
import { at, list } from "../../support/podSecurity.ts";
import { markerPassword, record } from "../../support/recorder.ts";
import { readable } from "../../support/wire.ts";

test("makes settings, a migration, a Service and a Deployment", async () => {
  const { resources } = await record(() => make("mlflow", base));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:Deployment mlflow-server < mlflow",
    "kubernetes:batch/v1:Job mlflow-migration < mlflow",
    "kubernetes:core/v1:Secret mlflow-migration-settings < mlflow",
    "kubernetes:core/v1:Secret mlflow-settings < mlflow",
    "kubernetes:core/v1:Service mlflow-service < mlflow",
    "kubernetes:core/v1:ServiceAccount mlflow-account < mlflow",
    "mlops:index:TrackingServer mlflow",
    "random:index/randomPassword:RandomPassword mlflow-admin-password < mlflow",
    "random:index/randomPassword:RandomPassword mlflow-flask-secret-key < mlflow",
  ]);
});

test("another MLflow version is migrated to before the old server is deleted, and starts after that", async () => {
  const { find } = await record(() => make("mlflow", base));
  const [migration, server] = [find("mlflow-migration"), find("mlflow-server")];
  // the provider gives it a new name with each change, and then creates the new one first
  expect(at(migration.inputs, "metadata", "name")).toBeUndefined();
  expect(migration.options.deleteBeforeReplace).not.toBe(true);
  expect(at(server.inputs, "metadata", "name")).toBe("mlflow-3-18-0");
  expect(server.options.deleteBeforeReplace).toBe(true);
  expect(server.options.dependsOn).toContain("mlflow-migration");
  for (const { inputs } of [migration, server]) {
    const containers = list(at(inputs, "spec", "template", "spec", "containers"));
    expect(new Set(containers.map(({ image }) => image))).toEqual(new Set([base.image]));
  }
  expect(migration.options).not.toHaveProperty("ignoreChanges");
});

test("a migration that was undone is not repeated, one that was killed is", async () => {
  const { find } = await record(() => make("mlflow", base));
  const spec = at(find("mlflow-migration").inputs, "spec");
  expect(at(spec, "template", "spec", "restartPolicy")).toBe("Never");
  expect(at(spec, "backoffLimit")).toBe(0);
  const actions = list(at(spec, "podFailurePolicy", "rules")).map(({ action }) => action);
  expect(new Set(actions)).toEqual(new Set(["Ignore"]));
});

test("a password with any character survives the URI, the ini file and Python's interpolation", async () => {
  const { find } = await record(() => make("mlflow", base));
  const { secret: settings } = readable(find("mlflow-settings").inputs["stringData"]!) as {
    secret: Record<string, string>;
  };
  const uri = new URL(settings["store-uri"]!);
  expect(decodeURIComponent(uri.password)).toBe(database.password);
  expect([uri.protocol, uri.username, uri.host, uri.pathname]).toEqual([
    "postgresql+psycopg2:",
    "owner",
    "db.example.org:5433",
    "/runs",
  ]);

  const ini = pythonIni(settings["basic_auth.ini"]!);
  expect(decodeURIComponent(new URL(ini["database_uri"]!).password)).toBe(database.password);
  expect(new URL(ini["database_uri"]!).pathname).toBe("/users");
  expect(ini["admin_password"]).toBe(markerPassword("mlflow-admin-password"));
});

test("a password in an existing Secret is no part of the URIs, and every container that connects gets it", async () => {
  const { password: _, ...rest } = database;
  const { find } = await record(() =>
    make("mlflow", { ...base, database: { ...rest, passwordSecretName: "mine" } }),
  );
  const settings = JSON.stringify(find("mlflow-settings").inputs);
  expect(settings).toContain(`postgresql+psycopg2://${database.username}@`);
  expect(settings).not.toContain(database.password);
  const reads = ["mlflow-server", "mlflow-migration"].flatMap((name) =>
    list(at(find(name).inputs, "spec", "template", "spec", "containers"))
      .filter((container) =>
        list(container["env"]).some(
          ({ name, valueFrom }) =>
            name === "PGPASSWORD" && at(valueFrom, "secretKeyRef", "name") === "mine",
        ),
      )
      .map((container) => container["name"]),
  );
  expect(reads).toEqual(["mlflow", "database-metrics", "migrate"]);
});

test("is probed under a host name that it answers for", async () => {
  const { find } = await record(() => make("mlflow", base));
  const containers = at(find("mlflow-server").inputs, "spec", "template", "spec", "containers");
  const [server] = list(containers);
  const hosts = list(server!["env"]).find(({ name }) => name === "MLFLOW_SERVER_ALLOWED_HOSTS");
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    const headers = list(at(server![probe], "httpGet", "httpHeaders"));
    expect(headers.map(({ name }) => name)).toEqual(["Host"]);
    expect(String(hosts!["value"]).split(",")).toContain(headers[0]!["value"]);
  }
});

test("is alive as long as it answers, even without the database", async () => {
  const { find } = await record(() => make("mlflow", base));
  const spec = at(find("mlflow-server").inputs, "spec", "template", "spec") as {
    containers: Record<string, unknown>[];
  };
  const httpGet = { path: "/health", port: "http" };
  expect(spec.containers[0]).toMatchObject({
    startupProbe: { httpGet },
    readinessProbe: { httpGet },
    livenessProbe: { httpGet },
  });
});

test("Prometheus finds two ports next to the public one, neither of which is on the Service", async () => {
  const { find } = await record(() => make("mlflow", base));
  const containers = list(
    at(find("mlflow-server").inputs, "spec", "template", "spec", "containers"),
  );
  expect(containers.map(({ name, ports }) => [name, ports])).toEqual([
    ["mlflow", [{ name: "http", containerPort: 5000 }]],
    ["metrics", [{ name: "metrics", containerPort: 9464 }]],
    ["database-metrics", [{ name: "db-metrics", containerPort: 9187 }]],
  ]);
  const service = list(at(find("mlflow-service").inputs, "spec", "ports"));
  expect(service.map(({ targetPort }) => targetPort)).toEqual(["http"]);
});

test("a broken exporter leaves the server in service, and can only read its counts", async () => {
  const { find } = await record(() => make("mlflow", base));
  const spec = at(find("mlflow-server").inputs, "spec", "template", "spec");
  const [server, ...sidecars] = list(at(spec, "containers"));
  for (const sidecar of sidecars) {
    expect(Object.keys(sidecar)).not.toContain("readinessProbe");
    expect(Object.keys(sidecar)).not.toContain("livenessProbe");
  }
  const mountPath = "/run/mlflow-metrics";
  expect(list(server!["volumeMounts"])).toContainEqual({ name: "counts", mountPath });
  expect(sidecars.map(({ volumeMounts }) => volumeMounts)).toEqual([
    [{ name: "counts", mountPath, readOnly: true }],
    undefined,
  ]);
  const folders = [server!, sidecars[0]!].map(({ env }) =>
    list(env).find(({ name }) => name === "PROMETHEUS_MULTIPROC_DIR"),
  );
  expect(folders.map((variable) => variable?.["value"])).toEqual([mountPath, mountPath]);
});

test("the exporters get no password but the one in the address of the database", async () => {
  const { find } = await record(() => make("mlflow", base));
  const containers = list(
    at(find("mlflow-server").inputs, "spec", "template", "spec", "containers"),
  );
  const keys = containers.map(({ name, env }) => [
    name,
    list(env).flatMap((variable) => at(variable, "valueFrom", "secretKeyRef", "key") ?? []),
  ]);
  expect(keys).toEqual([
    ["mlflow", ["store-uri", "admin-password", "flask-secret-key"]],
    ["metrics", []],
    ["database-metrics", ["store-uri"]],
  ]);
});

const reader = {
  username: "reader",
  password: "long enough to read",
  permission: TrackingPermission.Read,
};

const subject = 'TrackingServer "mlflow"';
const wildcard = "must be a host name or an address, without scheme, port or wildcard";
describeRefusals(make, "mlflow", base, [
  [{ replicas: 21 }, `${subject}: replicas must be a whole number from 1 to 20`],
  [
    { replicas: 2, artifacts: { uri: "/mlflow/artifacts", claimName: "claim" } },
    `${subject}: replicas must be 1 while artifacts are on a ReadWriteOnce volume; use a bucket or set it to 1`,
  ],
  [{ workers: 0 }, `${subject}: workers must be a whole number from 1 to 16`],
  [{ nodePort: 5000 }, `${subject}: nodePort must be between 30000 and 32767`],
  [
    { mlflowVersion: "latest" },
    `${subject}: mlflowVersion must be an exact version such as 3.18.0`,
  ],
  [
    { database: { ...database, authDatabase: "runs" } },
    `${subject}: database.authDatabase must differ from database.database; give users their own database`,
  ],
  [
    { users: [{ ...reader, password: "short" }] },
    `${subject}: users[0].password must have at least 12 characters; MLflow rejects a shorter one`,
  ],
  [
    { people: { Alice: PersonRole.Reader } },
    `${subject}: people.Alice: a name must be lower-case letters, digits, ".", "_", "-" and "@", with a letter or digit at both ends, at most 64 characters; rename the person`,
  ],
  ...["admin", "notebook", "training", "training-churn", "model-server", "model-server-churn"].map<
    [Partial<TrackingServerArgs>, string]
  >((name) => [
    { people: { [name]: PersonRole.Reader } },
    `${subject}: people.${name}: admin, notebook, training, model-server and what begins with training- or model-server- are users of the platform; choose another name for the person`,
  ]),
  [
    { people: { alice: "owner" as PersonRole } },
    `${subject}: people.alice must be one of reader, writer, not "owner"; the nearest is reader`,
  ],
  [
    { users: [reader], people: { reader: PersonRole.Reader } },
    `${subject}: users[0].username must differ from every name in people; rename one of them`,
  ],
  [
    { googleCredentials: "credentials.json" },
    `${subject}: googleCredentials must be the JSON of a service account's key: the content of its file, not the name`,
  ],
  [
    { database: { ...database, proxy: { instance: "mlops" } } },
    `${subject}: database.proxy.instance must be an instance's connection name: project:region:instance`,
  ],
  [{ nodeAddress: "http://node" }, `${subject}: nodeAddress ${wildcard}`],
  [{ hostNames: ["good.example.org", "*"] }, `${subject}: hostNames[1] ${wildcard}`],
]);

const keyed: TrackingServerArgs = { ...base, googleCredentials: "{}" };
describePreview(make, "mlflow", keyed, (unknown) => ({
  googleCredentials: unknown,
  namespace: unknown,
  image: unknown,
  database: {
    host: unknown,
    port: unknown.apply(Number),
    database: unknown,
    authDatabase: unknown,
    username: unknown,
    password: unknown,
    proxy: { instance: unknown, privateAddress: unknown.apply(Boolean) },
  },
  artifacts: { uri: unknown },
  users: [{ ...reader, username: unknown, password: unknown }],
  nodeAddress: unknown,
}));

/** The values as Python's configparser reads them: a percent sign stands doubled, a single one is an error. */
function pythonIni(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.includes(" = "));
  return Object.fromEntries(
    lines.map((line) => {
      const [key, raw] = [line.slice(0, line.indexOf(" = ")), line.slice(line.indexOf(" = ") + 3)];
      if (raw.replaceAll("%%", "").includes("%")) throw new Error(`a single % in ${key}`);
      return [key, raw.replaceAll("%%", "%")];
    }),
  );
}
