import "./program/stackTraces.ts";
import * as pulumi from "@pulumi/pulumi";
import { currentCluster } from "./program/cluster.ts";
import { MlopsPlatform } from "./components/index.ts";
import { withPorts } from "./program/clusterPorts.ts";
import { loadConfig } from "./program/config.ts";
import { bill } from "./program/costs.ts";
import { googleDataStores } from "./program/stores.ts";
import { gkeCluster } from "./program/gke.ts";
import { googleCloud } from "./program/google.ts";
import { platformArguments } from "./program/platform.ts";
import { publicDomain } from "./program/domain.ts";

const config = withPorts(loadConfig());
const costs = bill();
const google = googleCloud(config, costs.transformation);
const gke = google && config.cluster === "gke" ? gkeCluster(config, google) : undefined;
const cluster = gke ?? currentCluster(config);
const stores =
  google && config.dataStores === "gcp" ? googleDataStores(config, google, gke) : undefined;
const domain = publicDomain(config, google);

const platform = new MlopsPlatform("mlops", platformArguments(config, cluster, stores, domain), {
  provider: cluster.provider,
  transformations: [...cluster.transformations, costs.transformation],
});

/** An output of what a stack does not have: undefined would be warned about. */
const none = null;

/** URL of MLflow, for the browser and for MLFLOW_TRACKING_URI. */
export const mlflowTrackingUri = platform.mlflowTrackingUri;
/** MLflow user for notebooks. */
export const mlflowUsername = platform.mlflowUsername;
/** Password of the notebooks' user. Secret. */
export const mlflowPassword = platform.mlflowPassword;
/** Password of MLflow's administrator `admin`, for operators only. Secret. */
export const mlflowAdminPassword = platform.mlflowAdminPassword;
/** URL of the model server: POST rows to `/invocations`. */
export const modelServingUrl = platform.modelServingUrl;
/** URL of the prediction page. */
export const predictionAppUrl = platform.predictionAppUrl;
/** Where MLflow keeps artifacts. */
export const artifactUri = platform.artifactUri;
/** Host of MLflow's database, as pods see it. */
export const databaseHost = platform.databaseHost;
/** URL of Grafana, with the dashboards of the platform. */
export const grafanaUrl = platform.grafanaUrl ?? none;
/** Name of Grafana's administrator. */
export const grafanaAdminUsername = platform.grafanaAdminUsername ?? none;
/** Password of Grafana's administrator. Secret. */
export const grafanaAdminPassword = platform.grafanaAdminPassword ?? none;
/** URL of Prometheus inside the cluster. */
export const prometheusUrl = platform.prometheusUrl ?? none;
/** URL of Alertmanager inside the cluster. */
export const alertmanagerUrl = platform.alertmanagerUrl ?? none;
/** Every environment variable that a notebook needs. Secret. */
export const notebookEnv = platform.notebookEnv;
/** What the parts in Google Cloud cost a month at list prices, in US dollars; 0 where there are none. */
export const monthlyCostUsd = pulumi.output(costs.monthlyCostUsd());
/** Name of the GKE cluster. */
export const clusterName = gke?.name ?? none;
/** Region or zone of the GKE cluster. */
export const clusterLocation = gke?.location ?? none;
/** Repository that the images are pushed to. */
export const imageRepositoryUrl = gke?.imageRepositoryUrl ?? none;
/** Records to enter in the domain's DNS, where the program does not do it. */
export const dnsRecords = domain?.dnsRecords ?? none;
