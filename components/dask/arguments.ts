import type * as pulumi from "@pulumi/pulumi";
import {
  map,
  object,
  quantity,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  type TrackingClientArgs,
  trackingClientRules,
  trackingLogin,
} from "../tracking/arguments.ts";

/** What people choose about a Dask cluster that notebooks share. */
export interface DaskSettings extends kube.PodSettings {
  /** Number of worker pods, 1 to 99. Defaults to 2. */
  workers?: number;
  /** Tasks that each worker runs in parallel, 1 to 64. Defaults to 1. */
  threads?: number;
  /** CPU and memory of each worker. Defaults to requests of 200m and 384Mi, and limits of 2 cores and 2Gi. */
  workerResources?: kube.ContainerResources;
  /** CPU and memory of the scheduler. Defaults to requests of 100m and 256Mi, and limits of 1 core and 1Gi. */
  schedulerResources?: kube.ContainerResources;
  /** Size limit of each worker's `/tmp`, where Dask spills what does not fit in memory. Defaults to `2Gi`. */
  storageSize?: pulumi.Input<string>;
  /** Additional environment variables of the workers, kept in a Secret. They override the component's own. */
  environment?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of DaskCluster. */
export interface DaskClusterArgs extends DaskSettings, kube.WorkloadArgs, TrackingClientArgs {
  /** Image of scheduler and workers: the model server's or a model's, so that trained models can be served. */
  image: pulumi.Input<string>;
}

export const daskSettingsRules: Rules<DaskSettings> = {
  ...kube.podSettingsRules,
  workers: whole(1, 99),
  threads: whole(1, 64),
  workerResources: kube.resourcesRule,
  schedulerResources: kube.resourcesRule,
  storageSize: quantity("2Gi"),
  environment: map(string),
};

export const checkDaskCluster: Rule = object<DaskClusterArgs>(
  {
    ...daskSettingsRules,
    ...kube.workloadRules,
    ...trackingClientRules,
    image: required(text),
  },
  trackingLogin,
);
