import type { TrackingServerArgs } from "./trackingServer.ts";
import { checkWhole, ensure, isHostName, isNodePort, refuse } from "../core/checks.ts";
import { checkCredentials } from "./googleCredentials.ts";
import { versions } from "../core/versions.ts";

/** Refuses what could not work, before anything is registered. */
export function checkTrackingArguments(subject: string, args: TrackingServerArgs): void {
  const { replicas, workers, nodePort } = args;
  const { database, authDatabase } = args.database;
  checkWhole(subject, "replicas", replicas ?? 1, 1, 20);
  checkWhole(subject, "workers", workers ?? 1, 1, 16);
  ensure(subject, "nodePort", nodePort ?? 30000, isNodePort, "be between 30000 and 32767");
  ensure(
    subject,
    "mlflowVersion",
    args.mlflowVersion ?? versions.mlflow,
    (version) => /^[0-9]+(\.[0-9]+){2}$/.test(version),
    "be an exact version such as 3.18.0",
  );
  for (const [index, user] of (args.users ?? []).entries()) {
    ensure(
      subject,
      `users[${index}].password`,
      user.password,
      (password) => password.length >= 12,
      "have 12 characters at least; MLflow refuses a shorter one",
    );
  }
  refuse(
    subject,
    (replicas ?? 1) > 1 && args.artifacts.claimName !== undefined,
    "replicas must be 1 while artifacts are on a ReadWriteOnce volume; use a bucket or set replicas to 1",
  );
  refuse(
    subject,
    typeof database === "string" && database === authDatabase,
    "database.authDatabase must differ from database.database; give users a database of their own",
  );
  checkCredentials(subject, args.googleCredentials);
  ensure(
    subject,
    "database.proxy.instance",
    args.database.proxy?.instance ?? "project:region:instance",
    (instance) => /^[^:\s]+(:[^:\s]+){2,3}$/.test(instance),
    "be an instance's connection name: project:region:instance",
  );
  // a wildcard among the allowed hosts would let any web page talk to the server
  const hostName = "be a host name or an address, without scheme, port or wildcard";
  ensure(subject, "nodeAddress", args.nodeAddress ?? "localhost", isHostName, hostName);
  for (const [index, name] of (args.hostNames ?? []).entries()) {
    ensure(subject, `hostNames[${index}]`, name, isHostName, hostName);
  }
}
