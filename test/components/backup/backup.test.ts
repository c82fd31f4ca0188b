import * as pulumi from "@pulumi/pulumi";
import { Backup, type BackupArgs } from "../../../components/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { at, list } from "../../support/podSecurity.ts";
import { type Recorded, record } from "../../support/recorder.ts";

const make = (name: string, args: BackupArgs) => new Backup(name, args);
const base: BackupArgs = {
  namespace: "ml",
  image: "registry/backup:1",
  database: {
    host: "postgres.ml.svc",
    port: 5432,
    database: "mlflow",
    authDatabase: "mlflow_auth",
    username: "mlflow",
    password: "p%ss",
  },
  artifacts: { uri: "/mlflow/artifacts", claimName: "artifacts-data" },
  tracking: {
    image: "registry/tracking:1",
    mlflowVersion: "3.18.0",
    deploymentName: "mlflow-3-18-0",
    migrationSettingsName: "mlflow-migration",
  },
};
const template = (job: Recorded) =>
  at(job.inputs, "spec", "jobTemplate", "spec", "template", "spec");
const containersOf = (job: Recorded) => list(at(template(job), "containers"));

test("a database's password in an existing Secret reaches every container that connects", async () => {
  const { password: _, ...database } = base.database;
  const { find } = await record(() =>
    make("keep", { ...base, database: { ...database, passwordSecretName: "mine" } }),
  );
  expect(JSON.stringify(find("keep-settings").inputs)).not.toContain("database-password");
  const restore = template(find("keep-restore"));
  const containers = [find("keep-backup"), find("keep-restore")].flatMap(containersOf);
  const reads = [...containers, ...list(at(restore, "initContainers"))].filter((container) =>
    list(container["env"]).some(
      ({ name, valueFrom }) =>
        name === "PGPASSWORD" && at(valueFrom, "secretKeyRef", "name") === "mine",
    ),
  );
  expect(reads.map((container) => container["name"])).toEqual([
    "backup",
    "swap",
    "restore",
    "migrate",
  ]);
});

test("makes a volume, a password, a schedule and the template of restores", async () => {
  const { resources, find } = await record(() => make("keep", base));
  expect(tree(resources)).toEqual([
    "kubernetes:batch/v1:CronJob keep-backup < keep",
    "kubernetes:batch/v1:CronJob keep-restore < keep",
    "kubernetes:core/v1:PersistentVolumeClaim keep-data < keep",
    "kubernetes:core/v1:Secret keep-settings < keep",
    "kubernetes:core/v1:ServiceAccount keep-account < keep",
    "kubernetes:core/v1:ServiceAccount keep-restore-account < keep",
    "kubernetes:rbac.authorization.k8s.io/v1:Role keep-restore-role < keep",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding keep-restore-role-binding < keep",
    "mlops:index:Backup keep",
    "random:index/randomPassword:RandomPassword keep-encryption-password < keep",
  ]);
  expect(at(find("keep-backup").inputs, "spec")).toMatchObject({
    suspend: false,
    schedule: "0 2 * * *",
    timeZone: "Etc/UTC",
    concurrencyPolicy: "Forbid",
  });
  expect(at(find("keep-restore").inputs, "spec")).toMatchObject({ suspend: true });
});

test("a restore may scale one Deployment, and only its last step has a token", async () => {
  const { find } = await record(() => make("keep", base));
  expect(find("keep-restore-role").inputs["rules"]).toEqual([
    {
      apiGroups: ["apps"],
      resources: ["deployments/scale"],
      resourceNames: ["mlflow-3-18-0"],
      verbs: ["get", "patch"],
    },
  ]);
  const job = find("keep-restore");
  expect(template(job)).toMatchObject({ automountServiceAccountToken: false });
  const steps = [...list(at(template(job), "initContainers")), ...containersOf(job)];
  const withToken = steps.filter((step) => JSON.stringify(step).includes("serviceaccount"));
  expect(steps.map((step) => at(step, "name"))).toEqual(["restore", "migrate", "swap"]);
  expect(withToken.map((step) => at(step, "name"))).toEqual(["swap"]);
  expect(JSON.stringify(template(find("keep-backup")))).not.toContain("serviceaccount");
});

test.each<[string, BackupArgs["destination"], string]>([
  [
    "an S3 server",
    {
      s3: {
        endpoint: "https://s3.example.org",
        bucketName: "kept",
        accessKeyId: "id",
        secretAccessKey: "the secret key",
      },
    },
    "s3:https://s3.example.org/kept/mlflow-backup",
  ],
  ["a bucket", { bucket: { bucketName: "kept", path: "a/b" } }, "gs:kept:/a/b"],
])("%s takes the place of the volume, its keys in the Secret only", async (_, destination, uri) => {
  const { resources, find } = await record(() => make("keep", { ...base, destination }));
  expect(tree(resources)).not.toContain(
    "kubernetes:core/v1:PersistentVolumeClaim keep-data < keep",
  );
  const container = containersOf(find("keep-backup"))[0]!;
  expect(list(at(container, "env"))).toContainEqual({ name: "RESTIC_REPOSITORY", value: uri });
  expect(JSON.stringify(template(find("keep-backup")))).not.toContain("the secret key");
});

test.each<[string, Partial<BackupArgs>, string, unknown]>([
  ["paused", { paused: true }, "suspend", true],
  ["schedule", { schedule: "@weekly" }, "schedule", "@weekly"],
  ["timeZone", { timeZone: "Europe/Vienna" }, "timeZone", "Europe/Vienna"],
])("%s is that of the schedule", async (_, args, key, value) => {
  const { find } = await record(() => make("keep", { ...base, ...args }));
  expect(at(find("keep-backup").inputs, "spec")).toMatchObject({ [key]: value });
});

test.each<[string, Partial<BackupArgs>, string, string]>([
  ["retention.count", { retention: { count: 3 } }, "BACKUP_KEEP_COUNT", "3"],
  ["retention.days", { retention: { days: 90 } }, "BACKUP_KEEP_DAYS", "90"],
  ["maxAgeHours", { maxAgeHours: 200 }, "BACKUP_MAX_AGE_SECONDS", "720000"],
  ["pushgatewayUrl", { pushgatewayUrl: "http://gw:9091" }, "PUSHGATEWAY_URL", "http://gw:9091"],
])("%s reaches the program", async (_, args, name, value) => {
  const { find } = await record(() => make("keep", { ...base, ...args }));
  const container = containersOf(find("keep-backup"))[0]!;
  expect(list(at(container, "env"))).toContainEqual({ name, value });
});

test("the password is a secret output, generated or given", async () => {
  const password = "a password of mine";
  const { find } = await record(() => make("keep", { ...base, password }));
  expect(pulumi.runtime.isRpcSecret(find("keep").outputs!["password"])).toBe(true);
  expect(at(find("keep-settings").inputs, "stringData", "value", "password")).toBe(password);
});

const jobsOf = (find: (name: string) => Recorded) => ["keep-backup", "keep-restore"].map(find);
/** Of every container that opens the destination. */
const variablesOf = (find: (name: string) => Recorded) =>
  jobsOf(find)
    .flatMap((job) => [...list(at(template(job), "initContainers")), ...containersOf(job)])
    .filter((container) => at(container, "name") !== "migrate")
    .map((container) => list(at(container, "env")));
const fromSecret = (name: string, key = name) => ({
  name,
  valueFrom: { secretKeyRef: { name: "mine", key } },
});

test("a password in an existing Secret is neither generated, stored nor output", async () => {
  const { resources, find } = await record(() =>
    make("keep", { ...base, passwordSecretName: "mine" }),
  );
  expect(resources.map(({ name }) => name)).not.toContain("keep-encryption-password");
  expect(at(find("keep-settings").inputs, "stringData", "value")).not.toHaveProperty("password");
  expect(find("keep").outputs!["password"]).toBeUndefined();
  for (const variables of variablesOf(find)) {
    expect(variables).toContainEqual(fromSecret("RESTIC_PASSWORD", "password"));
  }
});

test("an existing Secret has the keys of an S3 server", async () => {
  const s3 = { endpoint: "https://s3.example.org", bucketName: "kept", secretName: "mine" };
  const { find } = await record(() => make("keep", { ...base, destination: { s3 } }));
  expect(JSON.stringify(find("keep-settings").inputs)).not.toContain("AWS_");
  for (const variables of variablesOf(find)) {
    expect(variables).toContainEqual(fromSecret("AWS_ACCESS_KEY_ID"));
    expect(variables).toContainEqual(fromSecret("AWS_SECRET_ACCESS_KEY"));
  }
});

test("an existing Secret has the key of a Google service account", async () => {
  const bucket = { bucketName: "kept", secretName: "mine" };
  const { resources, find } = await record(() =>
    make("keep", { ...base, destination: { bucket } }),
  );
  expect(resources.map(({ name }) => name)).not.toContain("keep-google-credentials");
  for (const job of jobsOf(find)) {
    expect(list(at(template(job), "volumes"))).toContainEqual({
      name: "google-credentials",
      secret: { secretName: "mine", defaultMode: 0o440 },
    });
  }
});

const keys = { accessKeyId: "id", secretAccessKey: "key" };
const server = { endpoint: "https://s3.example.org", bucketName: "kept" };

describeRefusals(make, "keep", base, [
  [
    { schedule: "daily" },
    'Backup "keep": schedule must be five cron fields such as `0 2 * * *`, or a word such as @daily',
  ],
  [
    { retention: { count: 0 } },
    'Backup "keep": retention.count must be a whole number from 1 to 1000',
  ],
  [
    { destination: { volume: {}, bucket: { bucketName: "kept" } } },
    'Backup "keep": destination must have exactly one of volume, bucket and s3',
  ],
  [
    { destination: { volume: { storageSize: "1Gi", claimName: "mine" } } },
    'Backup "keep": destination.volume.storageSize has no effect with an existing claim; leave it out',
  ],
  [
    { password: "short" },
    'Backup "keep": password must have at least 12 characters; leave it out to have one generated',
  ],
  [
    { password: "a password of mine", passwordSecretName: "mine" },
    'Backup "keep": password has no effect with an existing Secret; leave it out',
  ],
  [
    { destination: { s3: { ...server, ...keys, secretName: "mine" } } },
    [
      'Backup "keep": destination.s3.accessKeyId has no effect with an existing Secret; leave it out',
      'Backup "keep": destination.s3.secretAccessKey has no effect with an existing Secret; leave it out',
    ].join("\n"),
  ],
  [
    { destination: { s3: { ...server, accessKeyId: "id" } } },
    'Backup "keep": destination.s3.secretAccessKey must be given, or destination.s3.secretName with an existing Secret',
  ],
  [
    { destination: { bucket: { bucketName: "kept", credentials: "{}", secretName: "mine" } } },
    'Backup "keep": destination.bucket.credentials has no effect with an existing Secret; leave it out',
  ],
  [
    { artifacts: { uri: "gs://bucket" } },
    'Backup "keep": artifacts.claimName must be given; a bucket keeps its own versions',
  ],
  [
    { database: { ...base.database, proxy: { instance: "p:r:i" } } },
    'Backup "keep": database.proxy is for Cloud SQL, which has backups of its own; back up databases in the cluster only',
  ],
]);

describePreview(make, "keep", base, (unknown) => ({
  namespace: unknown,
  image: unknown,
  pushgatewayUrl: unknown,
  storageClassName: unknown,
}));
