import type * as pulumi from "@pulumi/pulumi";
import {
  checkLoginProxySettings,
  type LoginProxySettings,
  oidcLogin,
  type OidcLogin,
} from "../access/arguments.ts";
import { type BackupSettings, backupSettingsRules, onePassword } from "../backup/arguments.ts";
import {
  type Check,
  type Combination,
  type Fault,
  faultsOf,
  flag,
  isDnsLabel,
  matches,
  dnsLabel,
  object,
  required,
  type Rule,
  text,
} from "../core/checks.ts";
import { domainName, mostCharacters } from "../core/domainNames.ts";
import { registryPattern, registryRule } from "../core/imageMirror.ts";
import { type DaskSettings, daskSettingsRules } from "../dask/arguments.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  checkPrometheusSettings,
  type GrafanaSettings,
  grafanaSettingsRules,
  type PrometheusSettings,
} from "../monitoring/arguments.ts";
import { checkPredictionSettings, type PredictionSettings } from "../prediction/arguments.ts";
import { checkSharedServing, type SharedServing } from "../serving/arguments.ts";
import {
  checkPostgresSettings,
  checkVolumeArtifactSettings,
  mostPostgresConnections,
  type PostgresSettings,
  type VolumeArtifactStoreSettings,
} from "../stores/arguments.ts";
import {
  type ArtifactLocation,
  artifactLocation,
  checkReplicasOnVolume,
  checkTrackingSettings,
  type DatabaseConnection,
  databaseConnection,
  googleCredentials,
  type TrackingSettings,
} from "../tracking/arguments.ts";
import { connectionsNeeded } from "../tracking/connections.ts";
import { checkSharedTraining, type SharedTraining } from "../training/arguments.ts";
import { publicHosts } from "./publicHosts.ts";
import { modelsFit, servedModels, type ServedModel } from "./servedModels.ts";

/** Images of the platform's workloads. */
export interface PlatformImages {
  /** Image built from `apps/tracking`. */
  tracking: pulumi.Input<string>;
  /** Image built from `apps/predict`. */
  predict: pulumi.Input<string>;
  /** Image built from `apps/postgres`, or the official one. Not needed with your own database. */
  postgres?: pulumi.Input<string>;
  /** Image built from `apps/backup`. It backs up stores in the cluster, and receives copies of another stack's data into other stores; without it, neither works. */
  backup?: pulumi.Input<string>;
}

/** Arguments of MlopsPlatform. What people choose about a part is in that part's own arguments. */
export interface MlopsPlatformArgs
  extends kube.NodeAddressArgs, kube.PausableArgs, kube.LabelledArgs {
  /** Namespace to create for the platform, with Pod Security `restricted`. Defaults to `mlops`. Changing it replaces everything and loses the data in it. */
  namespace?: string;
  /** Whether to deploy into an existing namespace only, as its administrator can. Defaults to false. If true, it creates no namespace and no ClusterRole, without node-exporter and the metrics of nodes and containers. Changing it replaces everything and loses the data in it. */
  namespaceOnly?: boolean;
  /** Images of the workloads. */
  images: PlatformImages;
  /** Registry, optionally with a path, that mirrors third-party images: those of the charts, the database proxy and the login. Defaults to the original registries. */
  imageMirror?: string;
  /** Models to serve, one or more. The first is the one that the notebook uses and that the prediction page lists first. Adding one does not affect the others. */
  models: ServedModel[];
  /** Name or address of the person or team that runs the platform. The prediction page shows it next to every service except the models. Defaults to none. */
  owner?: pulumi.Input<string>;
  /** URL of your Spark Connect server, such as `sc://host:15002`, which notebooks get as `SPARK_REMOTE`. It may contain a token. */
  sparkConnectUrl?: pulumi.Input<string>;
  /** Storage class of every claim. Defaults to the cluster's default class. */
  storageClassName?: pulumi.Input<string>;
  /** CIDR ranges of the API server behind the Service `kubernetes`, such as `10.0.0.2/32`. Defaults to any address, on the ports of API servers. */
  apiServerAddresses?: pulumi.Input<string>[];
  /** CIDR ranges of the cluster's DNS servers that are not pods in `kube-system`. Defaults to those of NodeLocal DNSCache and of Cloud DNS for GKE. */
  dnsAddresses?: string[];
  /** JSON key of a Google service account with access to the bucket and to Cloud SQL; kept secret. Leave it out on GKE, where the tracking server has its own identity. */
  googleCredentials?: pulumi.Input<string>;
  /** Database of the tracking server. Defaults to a PostgresDatabase in the cluster, configured by `postgres`. */
  database?: DatabaseConnection;
  /** Artifact location of the tracking server. Defaults to a VolumeArtifactStore in the cluster, configured by `artifactVolume`. */
  artifacts?: ArtifactLocation;
  /** How it is exposed to the internet, on GKE. Defaults to none: it is reachable inside the cluster only. */
  exposure?: PlatformExposure;
  /** The database in the cluster. Leave out with `database`. */
  postgres?: PostgresSettings;
  /** The volume for artifacts in the cluster. Leave out with `artifacts`. */
  artifactVolume?: VolumeArtifactStoreSettings;
  /** Backups of the database and the volume in the cluster. They are on by default. Leave out with `database` or `artifacts`. */
  backup?: PlatformBackup;
  /** The tracking server. Its users are added to those of the platform. */
  tracking?: TrackingSettings;
  /** Defaults for all model servers. A model's own value takes precedence. */
  serving?: SharedServing;
  /** The prediction page. */
  prediction?: PredictionSettings;
  /** Defaults for the training of all models. A model's own value takes precedence. */
  training?: SharedTraining;
  /** A Dask cluster that notebooks share. Defaults to none. */
  dask?: PlatformDask;
  /** Monitoring of the platform. Defaults to Prometheus, Alertmanager and Grafana with everything they need. */
  monitoring?: PlatformMonitoring;
}

/** Backups as a part of a platform. */
export interface PlatformBackup extends BackupSettings {
  /** Whether backups are made. Defaults to true where both stores are in the cluster. Disabling it deletes a volume that holds them. */
  enabled?: boolean;
}

/** A Dask cluster as a part of a platform. */
export interface PlatformDask extends DaskSettings {
  /** Whether to deploy it. Defaults to false. */
  enabled?: boolean;
  /** Image of its pods. Defaults to the first model's. */
  image?: pulumi.Input<string>;
  /** Whether all of its pods are stopped. Defaults to false, and to true while the platform is paused. */
  paused?: boolean;
}

/** How the platform is opened to the internet, on GKE. */
export interface PlatformExposure {
  /** Parent domain of its hosts: `mlops.example.com` gives `mlflow.mlops.example.com` and so on. */
  domain: string;
  /** Name of the static address, a DomainCertificate's. */
  addressName: pulumi.Input<string>;
  /** Name of the certificate map, a DomainCertificate's. */
  certificateMapName: pulumi.Input<string>;
  /** Name of the TLS policy, a DomainCertificate's. Defaults to Google's own, which still allows TLS 1.0. */
  sslPolicyName?: pulumi.Input<string>;
  /** OpenID Connect login. Left out, MLflow and Grafana require their own passwords, the prediction page requires none, and the model server is not exposed. */
  login?: OidcLogin;
  /** The pods of the login. Leave out without `login`. */
  loginProxy?: LoginProxySettings;
}

/** What watches the platform. Every part is on unless it is switched off. */
export interface PlatformMonitoring {
  /** Whether to deploy monitoring. Defaults to true. Disabling it deletes the metrics and Grafana's database. */
  enabled?: boolean;
  /** URL of the folder with the runbooks, to which alerts link. Defaults to the dashboard _Runbooks_ of Grafana. */
  runbookBaseUrl?: string;
  /** Prometheus, Alertmanager and what they scrape. */
  prometheus?: PrometheusSettings;
  /** Grafana. */
  grafana?: PlatformGrafana;
}

/** Grafana as a part of a platform. */
export interface PlatformGrafana extends GrafanaSettings {
  /** Whether to deploy Grafana. Defaults to true. Disabling it deletes its database. */
  enabled?: boolean;
}

/** Ports on the nodes that a platform opens, by the path of their argument. */
function nodePortsOf({
  tracking,
  models = [],
  prediction,
  monitoring = {},
}: Partial<MlopsPlatformArgs>) {
  const { enabled = true, grafana = {} } = monitoring;
  const hasGrafana = enabled && grafana.enabled !== false;
  const ports: [path: (string | number)[], port?: number][] = [
    [["tracking", "nodePort"], tracking?.nodePort],
    [["prediction", "nodePort"], prediction?.nodePort],
    [["monitoring", "grafana", "nodePort"], hasGrafana ? grafana.nodePort : undefined],
    ...models.map(({ nodePort }, index): (typeof ports)[number] => [
      ["models", index, "nodePort"],
      nodePort,
    ]),
  ];
  return ports.filter(([, port]) => port !== undefined);
}

const namespaceFitsExporter: Combination<MlopsPlatformArgs> = (check, args) => {
  const { enabled = true, prometheus = {} } = args.monitoring ?? {};
  const { nodeExporter = true, nodeExporterNamespace } = prometheus;
  check.refuse(
    "namespace",
    enabled &&
      !args.namespaceOnly &&
      nodeExporter &&
      nodeExporterNamespace === undefined &&
      !isDnsLabel(`${args.namespace ?? "mlops"}-node-exporter`),
    "namespace must have at most 49 characters, because node-exporter's namespace is named after it; shorten it or set monitoring.prometheus.nodeExporter to false",
  );
};

const storesFit: Combination<MlopsPlatformArgs> = (check, args, given) => {
  const { artifacts, images, tracking = {} } = args;
  const { database, postgres, artifactVolume, backup } = given;
  const isBackedUp = database === undefined && given.artifacts === undefined;
  if (isBackedUp && args.backup?.enabled !== false && images !== undefined) {
    check
      .at("images")
      .refuse(
        "backup",
        images.backup === undefined,
        "images.backup must be given for stores in the cluster; add it or set backup.enabled to false",
      );
  }
  check.refuse(
    "backup",
    !isBackedUp && backup !== undefined,
    "backup has no effect with database or artifacts, which have their own backups; leave it out",
  );
  if (database === undefined && images !== undefined && images.postgres === undefined) {
    check
      .at("images")
      .refuse(
        "postgres",
        true,
        "images.postgres must be given for a database in the cluster; add it or pass database",
      );
  }
  check.refuse(
    "postgres",
    database !== undefined && postgres !== undefined,
    "postgres has no effect with database; leave one of them out",
  );
  check.refuse(
    "artifactVolume",
    given.artifacts !== undefined && artifactVolume !== undefined,
    "artifactVolume has no effect with artifacts; leave one of them out",
  );
  const trackingCheck = check.at("tracking");
  checkReplicasOnVolume(
    trackingCheck,
    tracking,
    given.artifacts === undefined || artifacts?.claimName !== undefined,
  );
  const needed = connectionsNeeded(tracking.replicas ?? 1, tracking.workers ?? 1);
  trackingCheck.refuse(
    "workers",
    database === undefined && needed > mostPostgresConnections,
    `tracking.replicas and tracking.workers need ${needed} connections, and Postgres in the cluster allows ${mostPostgresConnections}; lower one of them or pass database`,
  );
};

const portsFit: Combination<MlopsPlatformArgs> = (check, args) => {
  const ports = nodePortsOf(args).map(([keys, port]) => ({
    own: keys.reduce<Check>((outer, key) => outer.at(key), check),
    port,
  }));
  ports.forEach(({ own, port }, index) => {
    const other = ports.slice(0, index).find((one) => one.port === port)?.own;
    if (other !== undefined) own.must(`differ from ${other.path}; choose another port`);
    if (args.exposure !== undefined) {
      own.fault(
        `${own.path} and exposure exclude each other: a port on the nodes goes round the login and speaks plain HTTP; leave one of them out`,
      );
    }
  });
};

const longestLabel = Math.max(...Object.values(publicHosts).map(({ label }) => label.length + 1));

const exposure: Rule = object<PlatformExposure>(
  {
    domain: required(domainName),
    addressName: required(text),
    certificateMapName: required(text),
    sslPolicyName: text,
    login: oidcLogin,
    loginProxy: checkLoginProxySettings,
  },
  (check, { domain = "", login, loginProxy }) => {
    const most = mostCharacters - longestLabel;
    if (domain.length > most) {
      check
        .at("domain")
        .must(`leave room for the longest host below it; use one of at most ${most} characters`);
    }
    check.refuse(
      "loginProxy",
      login === undefined && loginProxy !== undefined,
      `${check.pathOf("loginProxy")} has no effect without ${check.pathOf("login")}; leave it out`,
    );
  },
);

/** Refuses what one of the parts would refuse, under the path that the caller gave it, before anything is registered. */
export const checkMlopsPlatform: Rule = object<MlopsPlatformArgs>(
  {
    ...kube.nodeAddressRules,
    ...kube.pausableRules,
    ...kube.labelledRules,
    namespace: dnsLabel("mlops"),
    namespaceOnly: flag,
    images: required(
      object<PlatformImages>({
        tracking: required(text),
        predict: required(text),
        postgres: text,
        backup: text,
      }),
    ),
    imageMirror: matches(registryPattern, registryRule),
    models: servedModels,
    owner: text,
    sparkConnectUrl: matches(
      /^sc:\/\/[^\s/'"]+(\/[^\s'"]*)?$/,
      "be a Spark Connect URL such as sc://host:15002",
    ),
    storageClassName: text,
    apiServerAddresses: kube.addressRanges,
    dnsAddresses: kube.addressRanges,
    googleCredentials,
    database: databaseConnection,
    artifacts: artifactLocation,
    exposure,
    postgres: checkPostgresSettings,
    artifactVolume: checkVolumeArtifactSettings,
    backup: object<PlatformBackup>({ ...backupSettingsRules, enabled: flag }, onePassword),
    tracking: checkTrackingSettings,
    serving: checkSharedServing,
    prediction: checkPredictionSettings,
    training: checkSharedTraining,
    dask: object<PlatformDask>({ ...daskSettingsRules, enabled: flag, image: text, paused: flag }),
    monitoring: object<PlatformMonitoring>({
      enabled: flag,
      runbookBaseUrl: matches(/^\S+$/, "be a URL or a path, without spaces"),
      prometheus: checkPrometheusSettings,
      grafana: object<PlatformGrafana>({ ...grafanaSettingsRules, enabled: flag }),
    }),
  },
  namespaceFitsExporter,
  storesFit,
  modelsFit,
  portsFit,
);

/** Everything that is wrong with a platform's arguments. Outputs are left to the platform itself. */
export const platformFaults = (args: MlopsPlatformArgs): Fault[] =>
  faultsOf(args, checkMlopsPlatform);
