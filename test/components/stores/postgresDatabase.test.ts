import { PostgresDatabase, type PostgresDatabaseArgs } from "../../../components/index.ts";
import {
  describeArguments,
  describePreview,
  describeRefusals,
  tree,
  podSettingRows,
} from "../../support/cases.ts";
import { at } from "../../support/podSecurity.ts";
import { markerPassword, record } from "../../support/recorder.ts";
import { readable } from "../../support/wire.ts";

const make = (name: string, args: PostgresDatabaseArgs) => new PostgresDatabase(name, args);
const base: PostgresDatabaseArgs = { namespace: "ml", image: "registry/postgres:1" };

test("makes one pod with a claim, a generated password and a second database", async () => {
  const { resources, find } = await record(() => make("db", base));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:StatefulSet db-server < db",
    "kubernetes:core/v1:ConfigMap db-init < db",
    "kubernetes:core/v1:PersistentVolumeClaim db-data < db",
    "kubernetes:core/v1:Secret db-credentials < db",
    "kubernetes:core/v1:Service db-service < db",
    "kubernetes:core/v1:ServiceAccount db-account < db",
    "mlops:index:PostgresDatabase db",
    "random:index/randomPassword:RandomPassword db-password < db",
  ]);
  expect(readable(find("db").outputs!)).toEqual({
    connection: {
      host: "db.ml.svc.cluster.local",
      port: 5432,
      storageSize: "8Gi",
      database: "mlflow",
      authDatabase: "mlflow_auth",
      username: "mlflow",
      password: `secret:${markerPassword("db-password")}`,
    },
  });
  expect(find("db-init").inputs["data"]).toEqual({
    "auth-database.sql": "CREATE DATABASE mlflow_auth OWNER mlflow;\n",
  });
});

test("is ready only while Postgres accepts connections", async () => {
  const { find } = await record(() => make("db", base));
  const spec = at(find("db-server").inputs, "spec", "template", "spec") as {
    containers: Record<string, unknown>[];
  };
  const exec = { command: ["pg_isready", "-h", "127.0.0.1", "-U", "mlflow", "-q"] };
  expect(spec.containers[0]).toMatchObject({
    startupProbe: { exec, periodSeconds: 1, failureThreshold: 180 },
    readinessProbe: { exec, periodSeconds: 2, timeoutSeconds: 3 },
    livenessProbe: { exec, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  });
});

describeArguments(make, "db", base, {
  ...podSettingRows("db-server"),
  namespace: {
    value: "team",
    changes: [
      "db-account metadata.namespace: ml → team",

      "db outputs.connection.host: db.ml.svc.cluster.local → db.team.svc.cluster.local",
      "db-credentials metadata.namespace: ml → team",
      "db-data metadata.namespace: ml → team",
      "db-init metadata.namespace: ml → team",
      "db-server metadata.namespace: ml → team",
      "db-service metadata.namespace: ml → team",
    ],
  },
  serviceName: {
    value: "postgres",
    changes: [
      "db-account metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-account metadata.name: db → postgres",
      "db-server spec.template.spec.serviceAccountName: db → postgres",

      "db outputs.connection.host: db.ml.svc.cluster.local → postgres.ml.svc.cluster.local",
      "db-credentials metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-data metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-data metadata.name: db-data → postgres-data",
      "db-init metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-server metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-server metadata.name: db → postgres",
      "db-server spec.selector.matchLabels.app.kubernetes.io/instance: db → postgres",
      "db-server spec.serviceName: db → postgres",
      "db-server spec.template.metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-server spec.template.spec.volumes[data].persistentVolumeClaim.claimName: db-data → postgres-data",
      "db-service metadata.labels.app.kubernetes.io/instance: db → postgres",
      "db-service metadata.name: db → postgres",
      "db-service spec.selector.app.kubernetes.io/instance: db → postgres",
    ],
  },
  image: {
    value: "registry/postgres:2",
    changes: [
      "db-server spec.template.spec.containers[postgres].image: registry/postgres:1 → registry/postgres:2",
      "db-server spec.template.spec.initContainers[data-folder].image: registry/postgres:1 → registry/postgres:2",
    ],
  },
  storageSize: {
    value: "100Gi",
    changes: [
      "db outputs.connection.storageSize: 8Gi → 100Gi",
      "db-data spec.resources.requests.storage: 8Gi → 100Gi",
    ],
  },
  storageClassName: { value: "fast", changes: ["db-data spec.storageClassName: ∅ → fast"] },
  maxConnections: {
    value: 200,
    changes: [
      "db-server spec.template.spec.containers[postgres].args[2]: max_connections=60 → max_connections=200",
    ],
  },
  passwordSecretName: {
    value: "mine",
    changes: [
      "- db-credentials",
      "- db-password",
      "db outputs.connection.password: secret:MARKER-db-password-%@:/?# → ∅",
      "db outputs.connection.passwordSecretName: ∅ → mine",
      "db-server options.dependsOn: -db-credentials",
      "db-server spec.template.spec.containers[postgres].env[POSTGRES_PASSWORD].valueFrom.secretKeyRef.name: db-credentials-1a2b3c → mine",
    ],
  },
  password: {
    value: "my own password",
    changes: [
      "db outputs.connection.password: secret:MARKER-db-password-%@:/?# → secret:my own password",
      "db-credentials options.dependsOn: db-password → ∅",
      "db-credentials stringData.secret.password: MARKER-db-password-%@:/?# → my own password",
      "- db-password",
    ],
  },
  resources: {
    value: { memoryRequest: "1Gi", memoryLimit: "2Gi" },
    changes: [
      "db-server spec.template.spec.containers[postgres].resources.limits.memory: 512Mi → 2Gi",
      "db-server spec.template.spec.containers[postgres].resources.requests.memory: 128Mi → 1Gi",
    ],
  },
  paused: { value: true, changes: ["db-server spec.replicas: 1 → 0"] },
  labels: {
    value: { team: "blue" },
    changes: [
      "db-account metadata.labels.team: ∅ → blue",
      "db-credentials metadata.labels.team: ∅ → blue",
      "db-data metadata.labels.team: ∅ → blue",
      "db-init metadata.labels.team: ∅ → blue",
      "db-server metadata.labels.team: ∅ → blue",
      "db-server spec.template.metadata.labels.team: ∅ → blue",
      "db-service metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "db-account metadata.annotations.note: ∅ → hello",
      "db-credentials metadata.annotations.note: ∅ → hello",
      "db-data metadata.annotations.note: ∅ → hello",
      "db-init metadata.annotations.note: ∅ → hello",
      "db-server metadata.annotations.note: ∅ → hello",
      "db-server spec.template.metadata.annotations.note: ∅ → hello",
      "db-service metadata.annotations.note: ∅ → hello",
    ],
  },
});

describeRefusals(make, "db", base, [
  [
    { storageSize: "eight" },
    'PostgresDatabase "db": storageSize must be a quantity of bytes such as 8Gi',
  ],
  [
    { maxConnections: 5 },
    'PostgresDatabase "db": maxConnections must be a whole number from 10 to 1000',
  ],
]);

describePreview(make, "db", base, (unknown) => ({
  namespace: unknown,
  image: unknown,
  storageSize: unknown,
  storageClassName: unknown,
  maxConnections: unknown.apply(Number),
}));
