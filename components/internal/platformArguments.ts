import type * as pulumi from "@pulumi/pulumi";

/** Images of the platform's workloads. */
export interface PlatformImagesArgs {
  /** Image built from `apps/tracking`. */
  tracking: pulumi.Input<string>;
  /** Image built from `apps/serving`; training runs in it too. */
  serving: pulumi.Input<string>;
  /** Image built from `apps/predict`. */
  predict: pulumi.Input<string>;
  /** Image built from `apps/postgres`, or the official one. Not needed with a database of your own. */
  postgres?: pulumi.Input<string>;
}

/** Ports that are opened on every node, each 30000 to 32767. Left out, a service is reachable inside the cluster only. */
export interface PlatformNodePortsArgs {
  /** Port of the tracking server. */
  tracking?: number;
  /** Port of the model server. */
  serving?: number;
  /** Port of the prediction page. */
  prediction?: number;
  /** Port of Grafana. */
  grafana?: number;
}
