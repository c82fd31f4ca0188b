import * as pulumi from "@pulumi/pulumi";
import {
  MlopsPlatform,
  ModelServer,
  PostgresDatabase,
  TrackingPermission,
  TrackingServer,
  TrainingJob,
} from "../../../components/index.ts";
import { fullPlatformArgs, trackingArgs } from "../../support/fixtures.ts";
import { podTemplates } from "../../support/podSecurity.ts";
import { record, type Recorded } from "../../support/recorder.ts";
import { textsInTheOpen } from "../../support/wire.ts";

const marker = /MARKER-|%25%40%3A%2F%3F%23/;

/** Where a password stands outside the envelope that the engine encrypts. */
function leaks(resources: readonly Recorded[]): string[] {
  return resources.flatMap(({ name, inputs, outputs }) => [
    ...textsInTheOpen(inputs)
      .filter((text) => marker.test(text))
      .map((text) => `${name} is given ${text}`),
    ...textsInTheOpen(outputs ?? {})
      .filter((text) => marker.test(text))
      .map((text) => `${name} gives ${text}`),
  ]);
}

// SECURITY.md: No password is known in advance: all are generated per stack, kept as Pulumi
// secrets, and handed to pods in Secrets only.
test("every password of the platform stays secret", async () => {
  const { resources } = await record(() => new MlopsPlatform("ml", fullPlatformArgs));
  expect(leaks(resources)).toEqual([]);
  const wire = JSON.stringify(resources);
  const passwords = resources.filter(({ type }) => type.includes("RandomPassword"));
  expect(passwords).toHaveLength(9);
  // each is used somewhere, or finding none in the open would prove nothing
  for (const { name } of passwords) expect(wire).toContain(`MARKER-${name}-`);
});

// SECURITY.md: Only MLflow and the operator hold the administrator's password.
// SECURITY.md: A password that leaks from a pod opens what that pod could do anyway.
// SECURITY.md: No password is known in advance: all are generated per stack, kept as Pulumi
// secrets, and handed to pods in Secrets only.
test("each pod gets the password of its own user, and only MLflow the administrator's", async () => {
  const { resources } = await record(() => new MlopsPlatform("ml", fullPlatformArgs));
  const secrets = resources.filter(({ type }) => type.endsWith(":Secret"));
  const given = podTemplates(resources).map(({ workload, spec }) => {
    const pod = JSON.stringify(spec);
    expect(pod).not.toMatch(marker);
    const mounted = secrets.filter(({ name }) => new RegExp(`"${name}-[0-9a-f]+"`).test(pod));
    const passwords = JSON.stringify(mounted).match(/(?<=MARKER-ml-)[a-z]+(-[a-z]+)*/g);
    return [workload, [...new Set(passwords)].sort()];
  });
  expect(Object.fromEntries(given)).toEqual({
    "ml-backup-backup": ["backup-encryption-password", "database-password"],
    "ml-backup-restore": [
      "backup-encryption-password",
      "database-password",
      "model-server-diabetes-password",
      "notebook-password",
      "tracking-admin-password",
      "training-diabetes-password",
    ],
    "ml-database-server": ["database-password"],
    "ml-tracking-migration": [
      "database-password",
      ...["model-server-diabetes", "notebook", "tracking-admin", "training-diabetes"].map(
        (user) => `${user}-password`,
      ),
    ],
    "ml-tracking-server": [
      "database-password",
      "tracking-admin-password",
      "tracking-flask-secret-key",
    ],
    "ml-serving-diabetes-server": ["model-server-diabetes-password"],
    "ml-training-diabetes-job": ["training-diabetes-password"],
    "ml-retraining-diabetes-schedule": ["training-diabetes-password"],
    "ml-prediction-server": [],
  });
});

test("a database password that is passed in plaintext is kept secret too", async () => {
  const { resources } = await record(() => {
    const password = "MARKER-given-in-the-clear";
    const args = { namespace: "ml", image: "registry/postgres:1", password };
    const { connection } = new PostgresDatabase("db", args);
    new TrackingServer("mlflow", { ...trackingArgs, database: connection });
  });
  expect(leaks(resources)).toEqual([]);
  expect(JSON.stringify(resources)).toContain("MARKER-given-in-the-clear");
});

test("so is the key of a Google service account", async () => {
  const googleCredentials = JSON.stringify({ type: "service_account", key: "MARKER-google-key" });
  const { resources } = await record(
    () => new MlopsPlatform("ml", { ...fullPlatformArgs, googleCredentials }),
  );
  expect(leaks(resources)).toEqual([]);
  expect(JSON.stringify(resources)).toContain("MARKER-google-key");
});

// SECURITY.md: What is confidential among a component's arguments is encrypted in the state, even
// if it was given in the clear: passwords, further environment variables of MLflow and training,
// which are kept in a Secret, and values of a chart whose names or contents are secret.
test("so are the passwords of the tracking server's users, and those that others log in to it with", async () => {
  const { resources } = await record(() => {
    const given = (user: string) => ({ username: user, password: `MARKER-given-for-${user}` });
    new TrackingServer("mlflow", {
      ...trackingArgs,
      database: { ...trackingArgs.database, password: "MARKER-given-for-database" },
      users: [{ ...given("reader"), permission: TrackingPermission.Read }],
    });
    const { username: trackingUsername, password: trackingPassword } = given("reader");
    const client = { namespace: "ml", image: "registry/serving:1", trackingUri: "http://mlflow" };
    const args = { ...client, trackingUsername, trackingPassword, modelName: "wine" };
    new ModelServer("serving", args);
    new TrainingJob("training", { ...args, experimentName: "wine" });
  });
  expect(leaks(resources)).toEqual([]);
  expect(JSON.stringify(resources)).toContain("MARKER-given-for-database");
});

test("credentials of alert receivers are only in a Secret, never in the values of a chart", async () => {
  const receivers = {
    email: {
      to: "team@example.org",
      from: "mlops@example.org",
      smarthost: "smtp.example.org:587",
      username: "mlops",
      password: "MARKER-email-password",
    },
    slack: { webhookUrl: "https://example.org/MARKER-slack-url" },
    webhook: { url: "https://example.org/MARKER-webhook-url", bearerToken: "MARKER-token" },
    heartbeat: { url: "https://example.org/MARKER-heartbeat-url" },
  };
  const { resources, find } = await record(
    () =>
      new MlopsPlatform("ml", { ...fullPlatformArgs, monitoring: { prometheus: { receivers } } }),
  );
  expect(leaks(resources)).toEqual([]);
  const config = JSON.stringify(find("ml-prometheus-alertmanager-config").inputs);
  const confidential = JSON.stringify(receivers).match(/MARKER-[a-z-]+/g)!;
  expect(confidential).toHaveLength(5);
  for (const secret of confidential) expect(config).toContain(secret);
});

// SECURITY.md: What is confidential among a component's arguments is encrypted in the state, even
// if it was given in the clear: passwords, further environment variables of MLflow and training,
// which are kept in a Secret, and values of a chart whose names or contents are secret.
test("further variables of the tracking server and of training are in a Secret", async () => {
  const environment = {
    AWS_SECRET_ACCESS_KEY: "MARKER-of-the-caller",
    MLFLOW_WORKERS: "MARKER-too",
  };
  const { resources, find } = await record(() => {
    new TrackingServer("mlflow", { ...trackingArgs, environment });
    const client = { trackingUri: "http://mlflow", trackingUsername: "u", trackingPassword: "p" };
    const job = { namespace: "ml", image: "registry/serving:1", modelName: "wine" };
    new TrainingJob("train", { ...job, ...client, experimentName: "wine", environment });
  });
  expect(leaks(resources)).toEqual([]);
  for (const name of ["mlflow-environment", "train-environment"]) {
    expect(JSON.stringify(find(name).inputs)).toContain("MARKER-of-the-caller");
  }
});

test("so are those that the platform passes on", async () => {
  const environment = { S3_KEY: "MARKER-of-the-caller" };
  const password = "MARKER-given-for-someone";
  const { resources, find } = await record(
    () =>
      new MlopsPlatform("ml", {
        ...fullPlatformArgs,
        postgres: { password },
        tracking: {
          environment,
          users: [{ username: "reader", password, permission: TrackingPermission.Read }],
        },
        training: { environment },
        models: [
          { name: "a", image: "registry/a:1", training: { schedule: "@daily" } },
          {
            name: "b",
            image: "registry/b:1",
            training: { environment: { S3_KEY: "MARKER-of-one" } },
          },
        ],
      }),
  );
  expect(leaks(resources)).toEqual([]);
  for (const part of ["tracking", "training-a", "retraining-a"]) {
    const { inputs } = find(`ml-${part}-environment`);
    expect(JSON.stringify(inputs)).toContain("MARKER-of-the-caller");
  }
  expect(JSON.stringify(find("ml-training-b-environment").inputs)).toContain("MARKER-of-one");
  for (const secret of ["ml-tracking-migration-settings", "ml-database-credentials"]) {
    expect(JSON.stringify(find(secret).inputs)).toContain(password);
  }
});

// SECURITY.md: What is confidential among a component's arguments is encrypted in the state, even
// if it was given in the clear: passwords, further environment variables of MLflow and training,
// which are kept in a Secret, and values of a chart whose names or contents are secret.
test("confidential values of a chart are encrypted in the state, and the rest is readable", async () => {
  const confidential = {
    adminPassword: "MARKER-password",
    env: [{ name: "API_TOKEN", value: "MARKER-variable" }],
    remoteWrite: [{ url: "https://user:MARKER-in-a-url@example.org/write" }],
    later: { clientSecret: pulumi.output("MARKER-output") },
  };
  const harmless = { image: { tag: "1.2.3" }, admin: { existingSecret: "mine" }, replicas: 2 };
  const { resources, find } = await record(() => {
    const values = { ...confidential, ...harmless };
    new MlopsPlatform("ml", {
      ...fullPlatformArgs,
      monitoring: { prometheus: { values }, grafana: { values } },
    });
  });
  expect(leaks(resources)).toEqual([]);
  for (const release of ["ml-prometheus-release", "ml-grafana-release"]) {
    const { values } = find(release).inputs;
    expect(JSON.stringify(values).match(/MARKER-[a-z-]+/g)).toHaveLength(4);
    expect(textsInTheOpen(values!)).toEqual(expect.arrayContaining(["1.2.3", "mine"]));
  }
});

test("exactly the passwords and the notebook's environment are secret outputs", async () => {
  const args = { ...fullPlatformArgs, dask: { enabled: true } };
  const { result } = await record(() => new MlopsPlatform("ml", args));
  expect(await secretOutputs(result)).toEqual([
    "backupPassword",
    "grafanaAdminPassword",
    "mlflowAdminPassword",
    "mlflowPassword",
    "notebookEnv",
    "peoplePasswords",
  ]);
});

async function secretOutputs(component: pulumi.ComponentResource): Promise<string[]> {
  const outputs = Object.entries(component).filter(
    ([key]) => !key.startsWith("__") && key !== "urn",
  );
  const secret = await Promise.all(
    outputs.map(async ([key, output]) => ((await pulumi.isSecret(output as never)) ? [key] : [])),
  );
  return secret.flat().sort();
}
