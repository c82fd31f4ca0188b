import type * as pulumi from "@pulumi/pulumi";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";

/** Arguments of PredictionApp. */
export interface PredictionAppArgs {
  /** Namespace that holds every object of the page. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which clients find it, and of the objects behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
  /** Image built from `apps/predict`. */
  image: pulumi.Input<string>;
  /** URL of the model server inside the cluster. */
  modelServerUrl: pulumi.Input<string>;
  /** Number of pods, 1 to 100. Defaults to 2, so that one may restart while the other answers. */
  replicas?: number;
  /** Whether no pod runs. Defaults to false. */
  paused?: boolean;
  /** Port on every node, 30000 to 32767. Left out, the page is reachable inside the cluster only. */
  nodePort?: number;
  /** Address by which people reach a node. Defaults to `localhost`. */
  nodeAddress?: pulumi.Input<string>;
  /** Whether a LoginProxy stands in front. Defaults to false. No cookie passes it, so Streamlit's check by its XSRF cookie is then off; browsers do not send the login's cookie with another site's requests. */
  behindLogin?: boolean;
  /** CPU and memory. Defaults to 50m and 128Mi requested, 1 core and 512Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}
