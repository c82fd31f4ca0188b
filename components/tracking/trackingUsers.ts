import * as pulumi from "@pulumi/pulumi";

/** What an MLflow user may do. */
export const TrackingPermission = {
  /** Read every experiment, run, model and artifact. */
  Read: "read",
  /** Read, and create or change experiments, runs, models and aliases. */
  Write: "write",
} as const;
export type TrackingPermission = (typeof TrackingPermission)[keyof typeof TrackingPermission];

/** An MLflow user for one workload. */
export interface TrackingUserArgs {
  /** Name of the user. */
  username: pulumi.Input<string>;
  /** Password of the user, 12 characters at least. */
  password: pulumi.Input<string>;
  /** What the user may do: `read` or `write`. */
  permission: TrackingPermission;
}

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
