import * as pulumi from "@pulumi/pulumi";
import { PersonRole, TrackingPermission } from "../../../components/tracking/arguments.ts";
import { basicAuthSettings, usersFile } from "../../../components/tracking/trackingUsers.ts";

const users = [
  { username: "reader", password: "long enough to read", permission: TrackingPermission.Read },
];
const people = { alice: PersonRole.Writer, bob: PersonRole.Reader };
const passwords = { alice: pulumi.output("of alice"), bob: pulumi.output("of bob") };
const valueOf = <T>(output: pulumi.Output<T>) =>
  new Promise<T>((resolve) => void output.apply(resolve));

test("the users' file has what the migration reads, and is always a secret", async () => {
  const file = usersFile({ users, people }, passwords);
  expect(await pulumi.isSecret(file)).toBe(true);
  expect(JSON.parse(await valueOf(file))).toEqual([
    { username: "reader", password: "long enough to read", permission: "read", person: false },
    { username: "alice", password: "of alice", permission: "write", person: true },
    { username: "bob", password: "of bob", permission: "read", person: true },
  ]);
});

test("the settings file is always a secret", async () => {
  const settings = basicAuthSettings(pulumi.output("uri"), "admin", pulumi.output("password"));
  expect(await pulumi.isSecret(settings)).toBe(true);
  expect(await valueOf(settings)).toContain("admin_username = admin\n");
});
