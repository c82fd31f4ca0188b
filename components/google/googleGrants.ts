import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { GrantArgs } from "./arguments.ts";

/** Binds the roles to exactly the bucket and the instance. Gives the member, known once it may use them. */
export function grant(
  name: string,
  member: pulumi.Output<string>,
  { project, bucketName, bucketRole, instanceName }: GrantArgs,
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
