import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { checkRayJob, type RayJobArgs } from "./arguments.ts";
import { rayApi, rayParts } from "./rayPods.ts";

/** Runs one command on a Ray cluster that is created for it and deleted when it ends. Requires KubeRay in the Kubernetes cluster. */
export class RayJob extends pulumi.ComponentResource {
  /** Name of the RayJob. */
  public readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: RayJobArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`RayJob "${name}"`, args, checkRayJob);
    super("mlops:index:RayJob", name, withSecret(args, "trackingPassword", "environment"), opts);

    const { metadata, clusterSpec, podTemplate } = rayParts(name, args, { parent: this });
    const submitter = podTemplate("ray-job-submitter", submitterResources, undefined);
    this.jobName = new k8s.apiextensions.CustomResource(
      `${name}-job`,
      {
        apiVersion: rayApi,
        kind: "RayJob",
        metadata: metadata(),
        spec: {
          entrypoint: args.entrypoint,
          backoffLimit: args.backoffLimit ?? 0,
          activeDeadlineSeconds: args.deadlineSeconds ?? 3600,
          suspend: args.paused ?? false,
          shutdownAfterJobFinishes: true,
          rayClusterSpec: clusterSpec,
          // the operator's own has no security context
          submitterPodTemplate: {
            ...submitter,
            spec: { ...submitter.spec, restartPolicy: "Never" },
          },
        },
      },
      // the operator ignores changes to a job that it has started
      { parent: this, replaceOnChanges: ["spec"] },
    ).metadata.name;
    this.registerOutputs(outputsOf(this));
  }
}

/** It only waits for the end of the command and prints its log. */
const submitterResources = {
  cpuRequest: "100m",
  cpuLimit: "1",
  memoryRequest: "256Mi",
  memoryLimit: "1Gi",
};
