import * as pulumi from "@pulumi/pulumi";
import { ensure, isDnsLabel } from "../core/checks.ts";
import { type BucketRole, checkedGrants, grant } from "./googleGrants.ts";

export { BucketRole } from "./googleGrants.ts";

/** Arguments of WorkloadIdentity. */
export interface WorkloadIdentityArgs {
  /** Id of the Google Cloud project in which the bucket and the instance are. */
  project: pulumi.Input<string>;
  /** Number of the project in which the cluster is: Google names the cluster's workloads by it. A bucket of the same project says it (`BucketArtifactStore.projectNumber`). */
  projectNumber: pulumi.Input<string>;
  /** Workload pool of the cluster, `<project>.svc.id.goog`. Google refuses one that does not exist yet: hand over the cluster's own output. */
  workloadPool: pulumi.Input<string>;
  /** Namespace of the workload. */
  namespace: pulumi.Input<string>;
  /** Kubernetes ServiceAccount of the workload. */
  serviceAccountName: pulumi.Input<string>;
  /** Bucket whose objects the workload may use. Left out, it may use none. */
  bucketName?: pulumi.Input<string>;
  /** What it may do with them. Needed with `bucketName`. */
  bucketRole?: BucketRole;
  /** Cloud SQL instance that the workload may connect to. Left out, it may connect to none. */
  instanceName?: pulumi.Input<string>;
}

/**
 * What one workload of a GKE cluster may do at Google, without a key: Google knows a pod by its cluster, namespace
 * and Kubernetes ServiceAccount, and the roles are bound to that. Outside Google Cloud use ServiceAccountKey.
 */
export class WorkloadIdentity extends pulumi.ComponentResource {
  /** The workload as IAM names it, known once its roles are bound. They take up to a few minutes to apply everywhere. */
  public readonly member: pulumi.Output<string>;

  constructor(name: string, args: WorkloadIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `WorkloadIdentity "${name}"`;
    const grants = checkedGrants(subject, args);
    const workload = checkedWorkload(subject, args);
    super("mlops:index:WorkloadIdentity", name, args, opts);

    this.member = grant(name, principal(workload), grants, { parent: this });
    this.registerOutputs({ member: this.member });
  }
}

type Workload = Pick<
  WorkloadIdentityArgs,
  "projectNumber" | "workloadPool" | "namespace" | "serviceAccountName"
>;

function checkedWorkload(subject: string, args: Workload): Workload {
  const label = "be a DNS label: lower-case letters, digits and hyphens, a letter first";
  return {
    projectNumber: ensure(
      subject,
      "projectNumber",
      args.projectNumber,
      (number) => /^[1-9][0-9]*$/.test(number),
      "be the number of the project, not its id; `gcloud projects list` prints it",
    ),
    workloadPool: ensure(
      subject,
      "workloadPool",
      args.workloadPool,
      (pool) => /^[a-z][a-z0-9-]*\.svc\.id\.goog$/.test(pool),
      "be the cluster's pool, <project>.svc.id.goog",
    ),
    namespace: ensure(subject, "namespace", args.namespace, isDnsLabel, label),
    serviceAccountName: ensure(
      subject,
      "serviceAccountName",
      args.serviceAccountName,
      isDnsLabel,
      label,
    ),
  };
}

const principal = (workload: Workload) =>
  pulumi.interpolate`principal://iam.googleapis.com/projects/${workload.projectNumber}/locations/global/workloadIdentityPools/${workload.workloadPool}/subject/ns/${workload.namespace}/sa/${workload.serviceAccountName}`;
