import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { checkRayCluster, type RayClusterArgs } from "./arguments.ts";
import { rayApi, rayParts, rayPorts } from "./rayPods.ts";

/** A Ray cluster that several notebooks or jobs share. Requires KubeRay in the Kubernetes cluster. */
export class RayCluster extends pulumi.ComponentResource {
  /** Address for `ray.init` in a pod that may reach the cluster. */
  public readonly headAddress: pulumi.Output<string>;
  /** URL of the dashboard inside the cluster. It has no login, and runs every job that is submitted to it. */
  public readonly dashboardUrl: pulumi.Output<string>;

  constructor(name: string, args: RayClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`RayCluster "${name}"`, args, checkRayCluster);
    super(
      "mlops:index:RayCluster",
      name,
      withSecret(args, "trackingPassword", "environment"),
      opts,
    );

    const { metadata, clusterSpec } = rayParts(name, args, { parent: this });
    new k8s.apiextensions.CustomResource(
      `${name}-cluster`,
      {
        apiVersion: rayApi,
        kind: "RayCluster",
        metadata: metadata({ name }),
        spec: { ...clusterSpec, suspend: args.paused ?? false },
      },
      { parent: this },
    );
    const host = pulumi.interpolate`${name}-head-svc.${args.namespace}.svc.cluster.local`;
    this.headAddress = pulumi.interpolate`ray://${host}:${rayPorts.client}`;
    this.dashboardUrl = pulumi.interpolate`http://${host}:${rayPorts.dashboard}`;
    this.registerOutputs(outputsOf(this));
  }
}
