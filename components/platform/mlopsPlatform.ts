import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import { services } from "../core/services.ts";
import { externalServiceUrl, internalServiceUrl } from "../kubernetes/endpoints.ts";
import { NetworkFlows } from "../kubernetes/networkFlows.ts";
import { PredictionApp } from "../prediction/predictionApp.ts";
import { TrackingPermission } from "../tracking/arguments.ts";
import { mirroredProxy } from "../tracking/cloudSqlProxy.ts";
import { TrackingServer } from "../tracking/trackingServer.ts";
import { checkMlopsPlatform, type MlopsPlatformArgs } from "./arguments.ts";
import { backupInCluster } from "./platformBackup.ts";
import {
  exposeToInternet,
  publicModelUrl,
  publicTrackingHosts,
  publicUrl,
} from "./platformExposure.ts";
import { daskUserOf, sharedDask } from "./platformDask.ts";
import { listedServices } from "./listedServices.ts";
import { platformFlows } from "./platformFlows.ts";
import { clusterFlows, modelServer, modelTraining, platformModels } from "./platformModels.ts";
import { monitoringInCluster } from "./platformMonitoring.ts";
import { artifactsInCluster, databaseInCluster, platformNamespace } from "./platformParts.ts";

const confidential = [
  "backup.destination",
  "backup.password",
  "dask.environment",
  "database.password",
  "googleCredentials",
  "exposure.login",
  "postgres.password",
  "sparkConnectUrl",
  "tracking.users",
  "tracking.environment",
  "training.environment",
  "monitoring.prometheus.receivers",
  "monitoring.prometheus.values",
  "monitoring.grafana.values",
];

/** Where a served model is reached. */
export interface ModelAddresses {
  /** Alias of the version that is served. */
  alias: string;
  /** URL of its server: POST rows to `/invocations` below it. */
  servingUrl: string;
  /** URL of its form on the prediction page. Absent if the page does not show it. */
  pageUrl?: string;
}

/** The whole platform in one namespace: database, artifacts, tracking, serving, prediction page, training and monitoring. */
export class MlopsPlatform extends pulumi.ComponentResource {
  /** Namespace of the platform. */
  public readonly namespace: pulumi.Output<string>;
  /** URL of MLflow, for the browser and for MLFLOW_TRACKING_URI. */
  public readonly mlflowTrackingUri: pulumi.Output<string>;
  /** MLflow user for notebooks. It can write runs and models but not manage users. */
  public readonly mlflowUsername: pulumi.Output<string>;
  /** Password of that user, a secret. */
  public readonly mlflowPassword: pulumi.Output<string>;
  /** Password of MLflow's administrator `admin`, a secret for operators only. */
  public readonly mlflowAdminPassword: pulumi.Output<string>;
  /** Initial password of each person with an MLflow account, by name, a secret. */
  public readonly peoplePasswords: pulumi.Output<{ [name: string]: string }>;
  /** The models by their registered names, each with its `alias`, `servingUrl` and `pageUrl`. */
  public readonly models: pulumi.Output<{ [name: string]: ModelAddresses }>;
  /** URL of the first model's server: POST rows to `/invocations` below it. */
  public readonly modelServingUrl: pulumi.Output<string>;
  /** URL of the prediction page. */
  public readonly predictionAppUrl: pulumi.Output<string>;
  /** Where the tracking server keeps artifacts. */
  public readonly artifactUri: pulumi.Output<string>;
  /** Address of the tracking server's database. */
  public readonly databaseHost: pulumi.Output<string>;
  /** URL of Prometheus inside the cluster. It has no login, so it is not exposed outside the cluster. */
  public readonly prometheusUrl?: pulumi.Output<string>;
  /** URL of Alertmanager inside the cluster. It has no login, so it is not exposed outside the cluster. */
  public readonly alertmanagerUrl?: pulumi.Output<string>;
  /** URL of Grafana, with the dashboards of the platform. */
  public readonly grafanaUrl?: pulumi.Output<string>;
  /** Name of Grafana's administrator. */
  public readonly grafanaAdminUsername?: pulumi.Output<string>;
  /** Password of Grafana's administrator, a secret. */
  public readonly grafanaAdminPassword?: pulumi.Output<string>;
  /** Password that the backups are encrypted with, a secret. Without it they cannot be read: keep a copy outside the cluster. */
  public readonly backupPassword?: pulumi.Output<string>;
  /** Address of the scheduler of the Dask cluster that notebooks share, inside the cluster. */
  public readonly daskSchedulerAddress?: pulumi.Output<string>;
  /** Environment variables of a notebook, a secret. */
  public readonly notebookEnv: pulumi.Output<{ [key: string]: string }>;

  constructor(name: string, args: MlopsPlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`MlopsPlatform "${name}"`, args, checkMlopsPlatform);
    const ofModels = args.models.map((_, index) => `models.${index}.training.environment`);
    super("mlops:index:MlopsPlatform", name, withSecret(args, ...confidential, ...ofModels), opts);

    const child = { parent: this };
    const namespace = platformNamespace(name, args, child);
    const { labels, annotations, paused } = args;
    const common = { namespace, labels, annotations };
    const { nodeAddress } = args;
    const notebook = {
      username: "notebook",
      password: generatedPassword(`${name}-notebook-password`, child),
    };
    const models = platformModels(name, args, child);
    const daskUser = daskUserOf(name, args, child);

    const ownDatabase = args.database ? [] : [databaseInCluster(name, common, args, child)];
    const database = args.database
      ? mirroredProxy(args.database, args.imageMirror)
      : ownDatabase[0]!.connection;
    const artifacts = args.artifacts ?? artifactsInCluster(name, common, args, child);
    const tracking = new TrackingServer(
      `${name}-tracking`,
      {
        ...args.tracking,
        ...common,
        serviceName: services.tracking.name,
        image: args.images.tracking,
        database,
        artifacts,
        googleCredentials: args.googleCredentials,
        users: [
          ...models.flatMap(({ reader, writer }) => [reader, ...(writer ? [writer] : [])]),
          { ...notebook, permission: TrackingPermission.Write },
          ...(daskUser ? [daskUser] : []),
          ...(args.tracking?.users ?? []),
        ],
        paused,
        hostNames: [...publicTrackingHosts(args), ...(args.tracking?.hostNames ?? [])],
        nodeAddress,
      },
      // Postgres answers before its first client connects
      { ...child, dependsOn: ownDatabase },
    );
    const served = models.map((model) => ({
      ...model,
      server: modelServer(name, common, args, model, tracking, child),
    }));
    const monitoring = monitoringInCluster(name, common, args, child);
    this.mlflowTrackingUri = publicUrl(args, "tracking", tracking.externalUrl);
    const pageUrl = internalServiceUrl(
      services.prediction.name,
      namespace,
      services.prediction.port,
    );
    this.predictionAppUrl = publicUrl(
      args,
      "prediction",
      externalServiceUrl(pageUrl, { ...args.prediction, nodeAddress }),
    );
    new PredictionApp(
      `${name}-prediction`,
      {
        ...args.prediction,
        ...common,
        serviceName: services.prediction.name,
        image: args.images.predict,
        models: served
          .filter(({ page }) => page)
          .map(({ modelName, owner, server }) => ({
            name: modelName,
            serverUrl: server.internalUrl,
            url: publicModelUrl(args, modelName, server.externalUrl),
            owner,
          })),
        services: listedServices(args, {
          ...monitoring,
          namespace,
          trackingUrl: this.mlflowTrackingUri,
          predictionUrl: this.predictionAppUrl,
        }),
        paused,
        nodeAddress,
        behindLogin: args.exposure?.login !== undefined,
      },
      child,
    );
    for (const model of models) modelTraining(name, common, args, model, tracking, child);
    const dask = daskUser && sharedDask(name, common, args, daskUser, tracking, child);
    const stores = { database, artifacts, tracking };
    const backup = backupInCluster(name, common, args, stores, child);
    exposeToInternet(name, common, args, child);
    const { dnsAddresses } = args;
    const ofClusters = models.flatMap((model) => clusterFlows(name, args, model));
    const network = { ...common, flows: [...platformFlows(args), ...ofClusters], dnsAddresses };
    new NetworkFlows(`${name}-network`, network, child);

    this.namespace = namespace;
    this.mlflowUsername = pulumi.output(notebook.username);
    this.mlflowPassword = notebook.password;
    this.mlflowAdminPassword = tracking.adminPassword;
    this.peoplePasswords = tracking.peoplePasswords;
    const addresses = served.map(
      ({ modelName, modelAlias, page, server }) =>
        [
          modelName,
          {
            alias: modelAlias,
            servingUrl: publicModelUrl(args, modelName, server.externalUrl),
            ...(page && {
              pageUrl: pulumi.interpolate`${this.predictionAppUrl}/?model=${encodeURIComponent(modelName)}`,
            }),
          },
        ] as const,
    );
    const first = served[0]!;
    this.models = pulumi.output(Object.fromEntries(addresses));
    this.modelServingUrl = pulumi.output(addresses[0]![1].servingUrl);
    this.artifactUri = pulumi.output(artifacts.uri);
    this.databaseHost = pulumi.output(database.address ?? database.host);
    this.backupPassword = backup?.password;
    this.daskSchedulerAddress = dask?.schedulerAddress;
    this.prometheusUrl = monitoring.prometheusUrl;
    this.alertmanagerUrl = monitoring.alertmanagerUrl;
    this.grafanaUrl = monitoring.grafanaUrl;
    this.grafanaAdminUsername = monitoring.grafanaAdminUsername;
    this.grafanaAdminPassword = monitoring.grafanaAdminPassword;
    this.notebookEnv = notebookVariables({
      MLFLOW_TRACKING_URI: this.mlflowTrackingUri,
      MLFLOW_TRACKING_USERNAME: this.mlflowUsername,
      MLFLOW_TRACKING_PASSWORD: this.mlflowPassword,
      // one request a second for what is logged in the background, and not one for each value
      MLFLOW_ASYNC_LOGGING_BUFFERING_SECONDS: "1",
      EXPERIMENT_NAME: first.experimentName,
      MODEL_NAME: first.modelName,
      MODEL_ALIAS: first.modelAlias,
      MODEL_SERVING_URL: this.modelServingUrl,
      PREDICTION_APP_URL: this.predictionAppUrl,
      PROMETHEUS_URL: this.prometheusUrl,
      SPARK_REMOTE: args.sparkConnectUrl,
      DASK_SCHEDULER_ADDRESS: dask?.schedulerAddress,
      DASK_CLUSTER_SECRET: dask?.notebookEnv.apply((env) => env["DASK_CLUSTER_SECRET"]!),
    });
    this.registerOutputs(outputsOf(this));
  }
}

/** Environment variables of a notebook, without those that have no value. A secret, because a password is among them. */
function notebookVariables(variables: {
  [name: string]: pulumi.Input<string> | undefined;
}): pulumi.Output<{ [name: string]: string }> {
  const given = Object.entries(variables).filter(([, value]) => value !== undefined);
  return pulumi.secret(
    pulumi.all(Object.fromEntries(given) as Record<string, pulumi.Input<string>>),
  );
}
