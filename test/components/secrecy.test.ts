import type * as pulumi from "@pulumi/pulumi";
import { isSecret as isSecretOutput } from "@pulumi/pulumi";
import {
  MlopsPlatform,
  ModelServer,
  PostgresDatabase,
  TrackingPermission,
  TrackingServer,
  TrainingJob,
} from "../../components/index.ts";
import { fullPlatformArgs, trackingArgs } from "../support/fixtures.ts";
import { record, type Recorded } from "../support/recorder.ts";
import { textsInTheOpen } from "../support/wire.ts";

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

test("no password of the platform ever leaves its envelope", async () => {
  const { resources } = await record(() => new MlopsPlatform("ml", fullPlatformArgs));
  expect(leaks(resources)).toEqual([]);
  const wire = JSON.stringify(resources);
  const passwords = resources.filter(({ type }) => type.includes("RandomPassword"));
  expect(passwords).toHaveLength(8);
  // each is used somewhere, or finding none in the open would prove nothing
  for (const { name } of passwords) expect(wire).toContain(`MARKER-${name}-`);
});

test("a database password given in the clear is kept secret too", async () => {
  const { resources } = await record(() => {
    const password = "MARKER-given-in-the-clear";
    const {
      host,
      port,
      database,
      authDatabase,
      username,
      password: kept,
    } = new PostgresDatabase("db", { namespace: "ml", image: "registry/postgres:1", password });
    const connection = { host, port, database, authDatabase, username, password: kept };
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

test("what an alert's receiver is trusted with is in a Secret alone, never in the values of a chart", async () => {
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
    () => new MlopsPlatform("ml", { ...fullPlatformArgs, monitoring: { receivers } }),
  );
  expect(leaks(resources)).toEqual([]);
  const config = JSON.stringify(find("ml-prometheus-alertmanager-config").inputs);
  const confidential = JSON.stringify(receivers).match(/MARKER-[a-z-]+/g)!;
  expect(confidential).toHaveLength(5);
  for (const secret of confidential) expect(config).toContain(secret);
});

test("exactly the passwords and the notebook's environment are secret outputs", async () => {
  const { result } = await record(() => new MlopsPlatform("ml", fullPlatformArgs));
  expect(await secretOutputs(result)).toEqual([
    "grafanaAdminPassword",
    "mlflowAdminPassword",
    "mlflowPassword",
    "notebookEnv",
  ]);
});

async function secretOutputs(component: pulumi.ComponentResource): Promise<string[]> {
  const outputs = Object.entries(component).filter(
    ([key]) => !key.startsWith("__") && key !== "urn",
  );
  const secret = await Promise.all(
    outputs.map(async ([key, output]) => ((await isSecretOutput(output as never)) ? [key] : [])),
  );
  return secret.flat().sort();
}
