import type * as pulumi from "@pulumi/pulumi";
import { flag, map, object, required, type Rule, type Rules, text, whole } from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";

/** What people choose about the prediction page. */
export interface PredictionSettingsArgs extends kube.NodePortArgs, kube.PodSettingsArgs {
  /** Number of pods, 1 to 100. Defaults to 2, so that one may restart while the other answers. */
  replicas?: number;
  /** CPU and memory. Defaults to 50m and 128Mi requested, 1 core and 512Mi at most. */
  resources?: kube.ContainerResourcesArgs;
}

/** Arguments of PredictionApp. */
export interface PredictionAppArgs
  extends PredictionSettingsArgs, kube.WorkloadArgs, kube.NodeAddressArgs {
  /** Image built from `apps/predict`. */
  image: pulumi.Input<string>;
  /** URLs of the model servers inside the cluster, by the names of their models. The page opens with the first. */
  modelServers: { [model: string]: pulumi.Input<string> };
  /** Whether a LoginProxy stands in front. Defaults to false. No cookie passes it, so Streamlit's check by its XSRF cookie is then off; browsers do not send the login's cookie with another site's requests. */
  behindLogin?: boolean;
}

const settingsRules: Rules<PredictionSettingsArgs> = {
  ...kube.nodePortRules,
  ...kube.podSettingsRules,
  replicas: whole(1, 100),
  resources: kube.resourcesRule,
};

export const checkPredictionSettings: Rule = object(settingsRules);

export const checkPredictionApp: Rule = object<PredictionAppArgs>({
  ...settingsRules,
  ...kube.workloadRules,
  ...kube.nodeAddressRules,
  image: required(text),
  modelServers: required(map(text)),
  behindLogin: flag,
});
