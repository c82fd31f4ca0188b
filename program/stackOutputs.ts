import * as pulumi from "@pulumi/pulumi";
import type { DomainCertificate, MlopsPlatform } from "../components/index.ts";
import type { Cluster } from "./cluster.ts";
import type { Bill } from "./bill.ts";
import type { PublicDomain } from "./domain.ts";

/** What a stack may not have is null there: undefined would be warned about. */
type OrNull<T> = pulumi.Output<T> | null;

/** Where people find a model. */
interface ModelOutput {
  alias: string;
  servingUrl: string;
  pageUrl: string | null;
}

/** What a stack tells those who use it. */
export interface StackOutputs {
  /** URL of MLflow, for the browser and for MLFLOW_TRACKING_URI. */
  mlflowTrackingUri: pulumi.Output<string>;
  /** MLflow user for notebooks. */
  mlflowUsername: pulumi.Output<string>;
  /** Password of the notebooks' user. Secret. */
  mlflowPassword: pulumi.Output<string>;
  /** Password of MLflow's administrator `admin`, for operators only. Secret. */
  mlflowAdminPassword: pulumi.Output<string>;
  /** First password of each of `people` at MLflow, by name. Secret. */
  peoplePasswords: pulumi.Output<{ [name: string]: string }>;
  /** The models by their names, each with its `alias`, `servingUrl` and `pageUrl`, null where the page does not show it. */
  models: pulumi.Output<{ [name: string]: ModelOutput }>;
  /** URL of the first model's server: POST rows to `/invocations`. */
  modelServingUrl: pulumi.Output<string>;
  /** URL of the prediction page. */
  predictionAppUrl: pulumi.Output<string>;
  /** Where MLflow keeps artifacts. */
  artifactUri: pulumi.Output<string>;
  /** Host of MLflow's database, as pods see it. */
  databaseHost: pulumi.Output<string>;
  /** Password that the backups are encrypted with; keep a copy outside the cluster. Secret. */
  backupPassword: OrNull<string>;
  /** URL of Grafana, with the dashboards of the platform. */
  grafanaUrl: OrNull<string>;
  /** Name of Grafana's administrator. */
  grafanaAdminUsername: OrNull<string>;
  /** Password of Grafana's administrator. Secret. */
  grafanaAdminPassword: OrNull<string>;
  /** URL of Prometheus inside the cluster. */
  prometheusUrl: OrNull<string>;
  /** URL of Alertmanager inside the cluster. */
  alertmanagerUrl: OrNull<string>;
  /** Every environment variable that a notebook needs. Secret. */
  notebookEnv: pulumi.Output<{ [key: string]: string }>;
  /** What the parts in Google Cloud cost a month at list prices, in US dollars; 0 where there are none. */
  monthlyCostUsd: pulumi.Output<number>;
  /** Name of the GKE cluster. */
  clusterName: OrNull<string>;
  /** Region or zone of the GKE cluster. */
  clusterLocation: OrNull<string>;
  /** Repository that the images are pushed to. */
  imageRepositoryUrl: OrNull<string>;
  /** Records to enter in the domain's DNS, where the program does not do it. */
  dnsRecords: DomainCertificate["dnsRecords"] | null;
}

/** The outputs of the stack. */
export function stackOutputs(
  platform: MlopsPlatform,
  cluster: Cluster,
  domain: PublicDomain,
  costs: Bill,
): StackOutputs {
  return {
    mlflowTrackingUri: platform.mlflowTrackingUri,
    mlflowUsername: platform.mlflowUsername,
    mlflowPassword: platform.mlflowPassword,
    mlflowAdminPassword: platform.mlflowAdminPassword,
    peoplePasswords: platform.peoplePasswords,
    models: platform.models.apply((models) =>
      Object.fromEntries(
        Object.entries(models).map(([name, model]) => [name, { pageUrl: null, ...model }]),
      ),
    ),
    modelServingUrl: platform.modelServingUrl,
    predictionAppUrl: platform.predictionAppUrl,
    artifactUri: platform.artifactUri,
    databaseHost: platform.databaseHost,
    backupPassword: platform.backupPassword ?? null,
    grafanaUrl: platform.grafanaUrl ?? null,
    grafanaAdminUsername: platform.grafanaAdminUsername ?? null,
    grafanaAdminPassword: platform.grafanaAdminPassword ?? null,
    prometheusUrl: platform.prometheusUrl ?? null,
    alertmanagerUrl: platform.alertmanagerUrl ?? null,
    notebookEnv: platform.notebookEnv,
    monthlyCostUsd: pulumi.output(costs.monthlyCostUsd()),
    clusterName: cluster.name ?? null,
    clusterLocation: cluster.location ?? null,
    imageRepositoryUrl: cluster.imageRepositoryUrl ?? null,
    dnsRecords: domain.dnsRecords ?? null,
  };
}
