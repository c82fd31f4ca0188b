import { currentCluster } from "./cluster.ts";
import { MlopsPlatform } from "./components/index.ts";
import { loadConfig } from "./config.ts";
import { imageReference } from "./images.ts";

const config = loadConfig();
const cluster = currentCluster(config);
const { imageRegistry, servingMaxReplicas } = config;

const platform = new MlopsPlatform(
  "mlops",
  {
    namespace: config.namespace,
    images: {
      tracking: imageReference("tracking", imageRegistry),
      serving: imageReference("serving", imageRegistry),
      predict: imageReference("predict", imageRegistry),
      postgres: config.postgresImage ?? imageReference("postgres", imageRegistry),
    },
    databaseStorageSize: config.databaseStorageSize,
    artifactStorageSize: config.artifactStorageSize,
    storageClassName: config.storageClassName,
    modelName: config.modelName,
    modelAlias: config.modelAlias,
    experimentName: config.experimentName,
    trackingReplicas: config.trackingReplicas,
    ...(servingMaxReplicas === undefined
      ? { servingReplicas: config.servingReplicas }
      : {
          servingAutoscaling: {
            minReplicas: config.servingReplicas,
            maxReplicas: servingMaxReplicas,
          },
        }),
    servingAllowPickle: config.servingAllowPickle,
    predictionReplicas: config.predictionReplicas,
    nodePorts: {
      tracking: config.trackingNodePort,
      serving: config.servingNodePort,
      prediction: config.predictionNodePort,
      grafana: config.grafanaNodePort,
    },
    nodeAddress: cluster.nodeAddress,
    trainExampleModel: config.trainExampleModel,
    trainingSchedule: config.trainingSchedule,
    monitoring: {
      enabled: config.monitoring,
      grafana: config.grafana,
      alertmanager: config.alertmanager,
      kubeStateMetrics: config.kubeStateMetrics,
      nodeExporter: config.nodeExporter,
      pushgateway: config.pushgateway,
      retention: config.prometheusRetention,
      storageSize: config.prometheusStorageSize,
      receivers: config.alertReceivers,
      runbookBaseUrl: config.runbookBaseUrl,
      prometheusChart: { chart: config.prometheusChart, version: config.prometheusChartVersion },
      prometheusValues: config.prometheusValues,
      grafanaChart: { chart: config.grafanaChart, version: config.grafanaChartVersion },
      grafanaValues: config.grafanaValues,
      imageRegistry: config.monitoringImageRegistry,
    },
  },
  { provider: cluster.provider },
);

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
export const grafanaUrl = platform.grafanaUrl;
/** Name of Grafana's administrator. */
export const grafanaAdminUsername = platform.grafanaAdminUsername;
/** Password of Grafana's administrator. Secret. */
export const grafanaAdminPassword = platform.grafanaAdminPassword;
/** URL of Prometheus inside the cluster. */
export const prometheusUrl = platform.prometheusUrl;
/** URL of Alertmanager inside the cluster. */
export const alertmanagerUrl = platform.alertmanagerUrl;
/** Every environment variable that a notebook needs. Secret. */
export const notebookEnv = platform.notebookEnv;
