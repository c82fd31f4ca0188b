import type * as pulumi from "@pulumi/pulumi";
import type { OidcLoginArgs } from "../access/arguments.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";
import type { ChartArgs } from "../monitoring/arguments.ts";
import type { ChartValues } from "../monitoring/chartValues.ts";
import type { AlertReceiversArgs } from "../monitoring/receivers.ts";
import type { AutoscalingArgs } from "../serving/arguments.ts";
import type { ArtifactLocationArgs, DatabaseConnectionArgs } from "../tracking/arguments.ts";
import type { TrainingGpuArgs } from "../training/arguments.ts";

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

/** Arguments of MlopsPlatform. */
export interface MlopsPlatformArgs {
  /** Namespace that is made for the platform, under Pod Security `restricted`. Defaults to `mlops`. Changing it replaces everything and loses the data in it. */
  namespace?: string;
  /** Images of the workloads. */
  images: PlatformImagesArgs;
  /** Database of the tracking server. Defaults to a PostgresDatabase in the cluster. */
  database?: DatabaseConnectionArgs;
  /** Artifact location of the tracking server. Defaults to a VolumeArtifactStore in the cluster. */
  artifacts?: ArtifactLocationArgs;
  /** Key of a Google service account, as JSON, for the bucket and the database's proxy. Leave out on GKE, where the tracking server has an identity of its own; kept secret. */
  googleCredentials?: pulumi.Input<string>;
  /** Size of the in-cluster database's claim. Defaults to `8Gi`. */
  databaseStorageSize?: pulumi.Input<string>;
  /** Size of the in-cluster artifact claim. Defaults to `20Gi`. */
  artifactStorageSize?: pulumi.Input<string>;
  /** Storage class of every claim. Defaults to the cluster's default class. */
  storageClassName?: pulumi.Input<string>;
  /** Registered model that is trained, served and predicted with. */
  modelName: pulumi.Input<string>;
  /** Alias of the version that is served. Defaults to `champion`. */
  modelAlias?: pulumi.Input<string>;
  /** Experiment of the training Jobs and the notebook. Defaults to the model's name. */
  experimentName?: pulumi.Input<string>;
  /** Pods of the tracking server. Defaults to 1, the most that a volume for artifacts allows. */
  trackingReplicas?: number;
  /** Further environment variables of the tracking server, kept in a Secret. */
  trackingEnvironment?: { [key: string]: pulumi.Input<string> };
  /** Pods of the model server. Defaults to 1. Leave out with `servingAutoscaling`. */
  servingReplicas?: number;
  /** Lets the number of model server pods follow the load. */
  servingAutoscaling?: AutoscalingArgs;
  /** Whether the model server loads models that are pickled or carry code of their own. Defaults to false. */
  servingAllowPickle?: pulumi.Input<boolean>;
  /** CPU and memory of each pod of the model server. Defaults to those of ModelServer. */
  servingResources?: ContainerResourcesArgs;
  /** Pods of the prediction page. Defaults to 2. */
  predictionReplicas?: number;
  /** Ports on the nodes. Defaults to none. */
  nodePorts?: PlatformNodePortsArgs;
  /** Address by which people reach a node. Defaults to `localhost`. */
  nodeAddress?: pulumi.Input<string>;
  /** Whether to train, register and promote the example model once. Defaults to true. */
  trainExampleModel?: boolean;
  /** Cron schedule on which the model is trained again, such as `0 3 * * *`. Defaults to never. */
  trainingSchedule?: string;
  /** CPU and memory of each training pod. Defaults to those of TrainingJob. */
  trainingResources?: ContainerResourcesArgs;
  /** GPUs of each training pod. Defaults to none. The cluster must have nodes with them. */
  trainingGpu?: TrainingGpuArgs;
  /** How it is opened to the internet, on GKE. Defaults to not at all: it is reachable inside the cluster only. */
  exposure?: PlatformExposureArgs;
  /** Ranges by which pods reach the API server behind the Service `kubernetes`, such as `10.0.0.2/32`. Defaults to any address, on the ports of API servers. */
  apiServerAddresses?: pulumi.Input<string>[];
  /** Ranges of the cluster's DNS servers that are no pods of `kube-system`. Defaults to those of NodeLocal DNSCache and of Cloud DNS for GKE. */
  dnsAddresses?: string[];
  /** What watches the platform. Defaults to Prometheus, Alertmanager and Grafana with everything they need. */
  monitoring?: PlatformMonitoringArgs;
  /** Whether nothing runs: no pod, no training, no autoscaler. Defaults to false. Data, addresses and passwords are kept, and what was trained is not trained again. */
  paused?: boolean;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** How the platform is opened to the internet, on GKE. */
export interface PlatformExposureArgs {
  /** Domain below which its hosts are: `mlops.example.com` makes `mlflow.mlops.example.com` and so on. */
  domain: string;
  /** Name of the static address, a DomainCertificate's. */
  addressName: pulumi.Input<string>;
  /** Name of the certificate map, a DomainCertificate's. */
  certificateMapName: pulumi.Input<string>;
  /** Name of the TLS policy, a DomainCertificate's. Defaults to Google's own, which still speaks TLS 1.0. */
  sslPolicyName?: pulumi.Input<string>;
  /** Who is let in. Left out, MLflow and Grafana ask for their own passwords, the prediction page for none, and the model server is not opened. */
  login?: OidcLoginArgs;
}

/** What watches the platform. Every part is on unless it is switched off. */
export interface PlatformMonitoringArgs {
  /** Whether there is any monitoring. Defaults to true. Switching it off deletes the metrics and Grafana's database. */
  enabled?: boolean;
  /** Whether Grafana is part of it. Defaults to true. Switching it off deletes its database. */
  grafana?: boolean;
  /** Whether Alertmanager is part of it. Defaults to true. Without it alerts are seen in Prometheus only. */
  alertmanager?: boolean;
  /** Whether kube-state-metrics is part of it. Defaults to true. Without it crash-looping pods and failed Jobs raise no alert. */
  kubeStateMetrics?: boolean;
  /** Whether node-exporter is part of it, in a privileged namespace of its own. Defaults to true. GKE Autopilot refuses it. */
  nodeExporter?: boolean;
  /** Port of node-exporter on every node. Defaults to 9100. Another node-exporter in the cluster needs another port. */
  nodeExporterPort?: number;
  /** Whether the Pushgateway is part of it. Defaults to true. */
  pushgateway?: boolean;
  /** How long metrics are kept at most, such as `15d`, the default. */
  retention?: string;
  /** Size of the metrics' claim. Defaults to `8Gi`; the oldest metrics are dropped before it is full. */
  storageSize?: string;
  /** Who is told of alerts. Defaults to nobody: alerts are then seen in Alertmanager only. */
  receivers?: AlertReceiversArgs;
  /** URL of the folder with the runbooks, to which alerts link. Defaults to their path in the repository. */
  runbookBaseUrl?: string;
  /** Helm chart of Prometheus. Defaults to the official one. */
  prometheusChart?: ChartArgs;
  /** Values for that chart, which win over those of this package. */
  prometheusValues?: ChartValues;
  /** Helm chart of Grafana. Defaults to the official one. */
  grafanaChart?: ChartArgs;
  /** Values for that chart, which win over those of this package. */
  grafanaValues?: ChartValues;
  /** Registry that mirrors the images of both charts. Defaults to the registries that the charts name. */
  imageRegistry?: string;
}
