import { isSecret } from "@pulumi/pulumi";
import type * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import {
  connectionsNeeded,
  connectionsPerPod,
  sqlAlchemyUri,
} from "../../../components/tracking/connections.ts";
import { databaseOfMine } from "../../support/fixtures.ts";

const valueOf = <T>(output: pulumi.Output<T>) =>
  new Promise<T>((resolve) => void output.apply(resolve));

test("any user, password and database survive a round trip through the URI", async () => {
  // a lone half of a surrogate pair cannot be typed
  const anyText = fc.string({ unit: "binary", minLength: 1 });
  await fc.assert(
    fc.asyncProperty(anyText, anyText, anyText, async (username, password, database) => {
      const connection = { ...databaseOfMine, username, password };
      const uri = new URL(await valueOf(sqlAlchemyUri(connection, database)));
      expect({
        username: decodeURIComponent(uri.username),
        password: decodeURIComponent(uri.password),
        database: decodeURIComponent(uri.pathname.slice(1)),
        host: uri.host,
      }).toEqual({ username, password, database, host: "db.example.org:5433" });
    }),
  );
});

test("the URI is a secret for any password", async () => {
  expect(await isSecret(sqlAlchemyUri(databaseOfMine, "runs"))).toBe(true);
});

test("a database has room for all pods, one more during a rollout, and operators", () => {
  expect(connectionsPerPod(1)).toBe(20);
  expect(connectionsNeeded(1, 1)).toBe(50);
  expect(connectionsNeeded(3, 2)).toBe(170);
});
