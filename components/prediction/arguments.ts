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
  /** Number of pods, 1 to 100. Defaults to 2, so that one can restart while the other serves. */
  replicas?: number;
  /** CPU and memory. Defaults to requests of 50m and 128Mi, and limits of 1 core and 512Mi. */
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
  /** Owner, such as a team's name or address. Defaults to the `owner` that it was logged with. */
  owner?: pulumi.Input<string>;
}

/** A service that the prediction page lists, with how it is right now. */
export interface ListedService {
  /** Display name, such as `MLflow`. */
  name: string;
  /** URL for people. One that works only inside the cluster is replaced by a hint. */
  url: pulumi.Input<string>;
  /** URL that the page's pods can reach, and that returns 200 while the service is healthy. Left out, the service is the page itself. */
  healthUrl?: pulumi.Input<string>;
  /** Name of the service that `healthUrl` belongs to, such as `Prometheus`. Left out, it is the service's own. */
  seenBy?: string;
  /** Version, unless the response of `healthUrl` contains one. */
  version?: pulumi.Input<string>;
  /** Owner, such as a team's name or address. */
  owner?: pulumi.Input<string>;
}

/** Arguments of PredictionApp. */
export interface PredictionAppArgs
  extends PredictionSettings, kube.WorkloadArgs, kube.NodeAddressArgs {
  /** Image built from `apps/predict`. */
  image: pulumi.Input<string>;
  /** Models on the page, one or more. Running pods pick up a changed list within two minutes, without a restart. */
  models: PageModel[];
  /** Services that its front page lists next to the models. Defaults to none; with one model, the page then opens on its form. */
  services?: ListedService[];
  /** Whether a LoginProxy protects the page. Defaults to false. The proxy forwards no cookies, so Streamlit's XSRF cookie check is then off; browsers do not send the login's cookie with cross-site requests. */
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
