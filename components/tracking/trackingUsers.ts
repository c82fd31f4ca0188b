import * as pulumi from "@pulumi/pulumi";
import type { TrackingUserArgs } from "./arguments.ts";

/** Content of the file that tells the migration Job which users to make. A secret. */
export function usersFile(users: TrackingUserArgs[]): pulumi.Output<string> {
  return pulumi.secret(pulumi.output(users).apply((known) => JSON.stringify(known)));
}

/** Content of MLflow's basic_auth.ini. A secret. */
export function basicAuthSettings(
  databaseUri: pulumi.Output<string>,
  adminUsername: string,
  adminPassword: pulumi.Output<string>,
): pulumi.Output<string> {
  // the file is read with Python's interpolation, in which a percent sign stands doubled
  const escaped = (value: string) => value.replaceAll("%", "%%");
  return pulumi.secret(
    pulumi.all([databaseUri, adminPassword]).apply(([uri, password]) =>
      [
        "[mlflow]",
        "default_permission = READ",
        `database_uri = ${escaped(uri)}`,
        `admin_username = ${adminUsername}`,
        `admin_password = ${escaped(password)}`,
        // MLflow alone cannot refuse a reader who creates something; our image can (apps/tracking)
        "authorization_function = tracking_server.authorization:authenticate",
        // hashing a password takes a tenth of a second of CPU: remember an answer for a minute
        "auth_cache_ttl_seconds = 60",
        "",
      ].join("\n"),
    ),
  );
}
