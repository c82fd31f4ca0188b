import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { checkWorkloadIdentity, type WorkloadIdentityArgs } from "./arguments.ts";
import { grant } from "./googleGrants.ts";

/**
 * Roles at Google for one workload of a GKE cluster, without a key: Google identifies a pod by its cluster, namespace
 * and Kubernetes ServiceAccount, and the roles are bound to that identity. Outside Google Cloud use ServiceAccountKey.
 */
export class WorkloadIdentity extends pulumi.ComponentResource {
  /** The workload as IAM names it, known once its roles are bound. They take up to a few minutes to apply everywhere. */
  public readonly member: pulumi.Output<string>;

  constructor(name: string, args: WorkloadIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`WorkloadIdentity "${name}"`, args, checkWorkloadIdentity);
    super("mlops:index:WorkloadIdentity", name, args, opts);

    this.member = grant(name, principal(args), args, { parent: this });
    this.registerOutputs(outputsOf(this));
  }
}

const principal = (workload: WorkloadIdentityArgs) =>
  pulumi.interpolate`principal://iam.googleapis.com/projects/${workload.projectNumber}/locations/global/workloadIdentityPools/${workload.workloadPool}/subject/ns/${workload.namespace}/sa/${workload.serviceAccountName}`;
