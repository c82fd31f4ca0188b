import type * as pulumi from "@pulumi/pulumi";
import { isSecret as isSecretOutput } from "@pulumi/pulumi";
import { MlopsPlatform, PostgresDatabase, TrackingServer } from "../../components/index.ts";
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
  expect(passwords).toHaveLength(6);
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
  // what the caller gave in the clear stays so among the component's own inputs: that is the caller's doing
  const made = resources.filter(({ type }) => !type.endsWith(":PostgresDatabase"));
  expect(leaks(made)).toEqual([]);
  expect(leaks(resources)).toEqual(["db is given MARKER-given-in-the-clear"]);
});

test("exactly the passwords and the notebook's environment are secret outputs", async () => {
  const { result } = await record(() => new MlopsPlatform("ml", fullPlatformArgs));
  expect(await secretOutputs(result)).toEqual([
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
