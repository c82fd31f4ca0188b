import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { checkWorkloadIdentity, type WorkloadIdentityArgs } from "./arguments.ts";
import { grant } from "./googleGrants.ts";

/**
 * Google Cloud roles of one GKE workload, without a key: they are bound to the pod's cluster, namespace and
 * Kubernetes ServiceAccount. Outside Google Cloud, use ServiceAccountKey.
 */
export class WorkloadIdentity extends pulumi.ComponentResource {
  /** IAM member of the workload, known once its roles are bound. New roles can take a few minutes to take effect. */
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
