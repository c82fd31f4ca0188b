import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../core/secrets.ts";
import { PersonRole, TrackingPermission, type TrackingSettings } from "./arguments.ts";

export type FirstPasswords = { readonly [name: string]: pulumi.Output<string> };

export const firstPasswords = (
  name: string,
  people: TrackingSettings["people"] = {},
  child: pulumi.CustomResourceOptions,
): FirstPasswords =>
  Object.fromEntries(
    Object.keys(people).map((person) => [
      person,
      generatedPassword(`${name}-person-${person}-password`, child),
    ]),
  );

/** Content of the file with all accounts for the migration Job. A secret. */
export function usersFile(
  { users = [], people = {} }: TrackingSettings,
  passwords: FirstPasswords,
): pulumi.Output<string> {
  const accounts = [
    ...users.map((user) => ({ ...user, person: false })),
    ...Object.entries(people).map(([username, role]) => ({
      username,
      password: passwords[username]!,
      permission: role === PersonRole.Writer ? TrackingPermission.Write : TrackingPermission.Read,
      person: true,
    })),
  ];
  return pulumi.secret(pulumi.output(accounts).apply((known) => JSON.stringify(known)));
}

/** Content of MLflow's basic_auth.ini. A secret. */
export function basicAuthSettings(
  databaseUri: pulumi.Output<string>,
  adminUsername: string,
  adminPassword: pulumi.Output<string>,
): pulumi.Output<string> {
  // Python's configparser interpolates the file, so a percent sign must be doubled
  const escaped = (value: string) => value.replaceAll("%", "%%");
  return pulumi.secret(
    pulumi.all([databaseUri, adminPassword]).apply(([uri, password]) =>
      [
        "[mlflow]",
        "default_permission = READ",
        `database_uri = ${escaped(uri)}`,
        `admin_username = ${adminUsername}`,
        `admin_password = ${escaped(password)}`,
        // plain MLflow cannot refuse a reader who creates something; our image can (apps/tracking)
        "authorization_function = tracking_server.authorization:authenticate",
        // hashing a password takes a tenth of a second of CPU: remember an answer for a minute
        "auth_cache_ttl_seconds = 60",
        "",
      ].join("\n"),
    ),
  );
}
