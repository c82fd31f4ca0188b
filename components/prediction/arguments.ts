import type * as pulumi from "@pulumi/pulumi";
import {
  flag,
  list,
  object,
  required,
  type Rule,
  type Rules,
  text,
  whole,
} from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";

/** What people choose about the prediction page. */
export interface PredictionSettings extends kube.NodePortArgs, kube.PodSettings {
  /** Number of pods, 1 to 100. Defaults to 2, so that one may restart while the other answers. */
  replicas?: number;
  /** CPU and memory. Defaults to 50m and 128Mi requested, 1 core and 512Mi at most. */
  resources?: kube.ContainerResources;
}

/** A model that the prediction page predicts with. */
export interface PageModel {
  /** Name of the registered model. */
  name: string;
  /** URL of its server inside the cluster. */
  serverUrl: pulumi.Input<string>;
  /** URL of its server for people. Defaults to the one inside the cluster. */
  url?: pulumi.Input<string>;
  /** Owner, such as a team's name or e-mail address. Defaults to the `owner` that it was logged with. */
  owner?: pulumi.Input<string>;
}

/** A service that the prediction page lists, with how it is right now. */
export interface ListedService {
  /** Display name, such as `MLflow`. */
  name: string;
  /** URL for people. A URL that works only inside the cluster is replaced by a hint. */
  url: pulumi.Input<string>;
  /** URL that the page's pods reach, and that answers 200 while the service is well. Left out, the service is the page itself. */
  healthUrl?: pulumi.Input<string>;
  /** Name of the service that `healthUrl` belongs to, such as `Prometheus`. Left out, it is the service's own. */
  seenBy?: string;
  /** Version, unless the answer at `healthUrl` has one. */
  version?: pulumi.Input<string>;
  /** Owner, such as a team's name or e-mail address. */
  owner?: pulumi.Input<string>;
}

/** Arguments of PredictionApp. */
export interface PredictionAppArgs
  extends PredictionSettings, kube.WorkloadArgs, kube.NodeAddressArgs {
  /** Image built from `apps/predict`. */
  image: pulumi.Input<string>;
  /** Models of the page, one or more. A changed list reaches the running pods within two minutes and restarts none. */
  models: PageModel[];
  /** Services that its front page lists next to the models. Defaults to none; with one model the page then opens with its form. */
  services?: ListedService[];
  /** Whether a LoginProxy stands in front. Defaults to false. No cookie passes it, so Streamlit's check by its XSRF cookie is then off; browsers do not send the login's cookie with another site's requests. */
  behindLogin?: boolean;
}

const settingsRules: Rules<PredictionSettings> = {
  ...kube.nodePortRules,
  ...kube.podSettingsRules,
  replicas: whole(1, 100),
  resources: kube.resourcesRule,
};

export const checkPredictionSettings: Rule = object(settingsRules);

const pageModelRules: Rules<PageModel> = {
  name: required(text),
  serverUrl: required(text),
  url: text,
  owner: text,
};

const listedServiceRules: Rules<ListedService> = {
  name: required(text),
  url: required(text),
  healthUrl: text,
  seenBy: text,
  version: text,
  owner: text,
};

export const checkPredictionApp: Rule = object<PredictionAppArgs>(
  {
    ...settingsRules,
    ...kube.workloadRules,
    ...kube.nodeAddressRules,
    image: required(text),
    models: required(list(object<PageModel>(pageModelRules))),
    services: list(object<ListedService>(listedServiceRules)),
    behindLogin: flag,
  },
  (check, { models }) =>
    check.refuse("models", models?.length === 0, "models must not be empty; name one"),
);
