import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { ensure, refuse } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { checkedProject } from "./googleChecks.ts";

/** What may be done with the objects of a bucket. */
export const BucketRole = {
  /** List, read, write and delete them: the tracking server. */
  ObjectUser: "roles/storage.objectUser",
  /** List and read them. */
  ObjectViewer: "roles/storage.objectViewer",
} as const;
export type BucketRole = (typeof BucketRole)[keyof typeof BucketRole];

/** What somebody may use. */
export interface Grants {
  project: pulumi.Input<string>;
  bucketName?: pulumi.Input<string>;
  bucketRole?: BucketRole;
  instanceName?: pulumi.Input<string>;
}

/** The grants, checked. Call it before anything is registered. */
export function checkedGrants(subject: string, args: Grants) {
  const { bucketName, bucketRole, instanceName } = args;
  const project = checkedProject(subject, args.project);
  refuse(
    subject,
    bucketName === undefined && instanceName === undefined,
    "there is nothing to grant; give bucketName, instanceName or both",
  );
  refuse(
    subject,
    (bucketName === undefined) !== (bucketRole === undefined),
    "bucketName and bucketRole belong together; give both or neither",
  );
  checkOneOf(subject, "bucketRole", bucketRole, BucketRole);
  return {
    project,
    bucketRole,
    bucketName: checkedName(
      subject,
      "bucketName",
      bucketName,
      /^[a-z0-9][a-z0-9._-]*[a-z0-9]$/,
      "be the bucket's name alone, without gs:// and without a folder",
    ),
    instanceName: checkedName(
      subject,
      "instanceName",
      instanceName,
      /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
      "be the instance's name alone, not its connection name with project and region",
    ),
  };
}

function checkedName(
  subject: string,
  argument: string,
  given: pulumi.Input<string> | undefined,
  pattern: RegExp,
  rule: string,
): pulumi.Output<string> | undefined {
  if (given === undefined) return undefined;
  return ensure(subject, argument, given, (name) => pattern.test(name), rule);
}

/** Binds the roles to exactly the bucket and the instance. Gives the member, known once it may use them. */
export function grant(
  name: string,
  member: pulumi.Output<string>,
  { project, bucketName, bucketRole, instanceName }: ReturnType<typeof checkedGrants>,
  child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const bindings: pulumi.Output<string>[] = [];
  if (bucketName !== undefined && bucketRole !== undefined) {
    const args = { bucket: bucketName, role: bucketRole, member };
    bindings.push(new gcp.storage.BucketIAMMember(`${name}-bucket`, args, child).member);
  }
  if (instanceName !== undefined) {
    // the role can be bound to a project only: the condition narrows it to the one instance
    const condition = {
      title: "one-cloud-sql-instance",
      description: pulumi.interpolate`Nothing but the instance ${instanceName}`,
      expression: pulumi.interpolate`resource.name == "projects/${project}/instances/${instanceName}" && resource.type == "sqladmin.googleapis.com/Instance"`,
    };
    const args = { project, role: "roles/cloudsql.client", member, condition };
    bindings.push(new gcp.projects.IAMMember(`${name}-instance`, args, child).member);
  }
  return pulumi.all([member, ...bindings]).apply(([bound]) => bound!);
}
