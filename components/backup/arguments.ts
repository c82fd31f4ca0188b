import type * as pulumi from "@pulumi/pulumi";
import {
  type Check,
  type Combination,
  matches,
  must,
  object,
  orSecret,
  quantity,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  type ArtifactLocation,
  artifactLocation,
  type DatabaseConnection,
  databaseConnection,
  googleCredentials,
} from "../tracking/arguments.ts";

/** A volume that holds the backups. It protects against mistakes and failed upgrades, not against the loss of the cluster. */
export interface BackupVolume {
  /** Size of the new claim. Defaults to `20Gi`. It can grow where the storage class allows it, but never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Existing claim to use instead, in the same namespace. Excludes `storageSize`. */
  claimName?: pulumi.Input<string>;
}

/** A bucket of Google Cloud Storage that holds the backups. */
export interface BackupBucket {
  /** Name of the bucket. It must exist. */
  bucketName: string;
  /** Folder in the bucket. Defaults to `mlflow-backup`. */
  path?: string;
  /** Key of a Google service account, as JSON, that may read, write and delete objects of the bucket. Leave out where the ServiceAccounts `backup` and `restore` have that right by Workload Identity; kept secret. */
  credentials?: pulumi.Input<string>;
  /** Existing Secret to use instead, in the same namespace, with the key as `credentials.json`. Excludes `credentials`. */
  secretName?: pulumi.Input<string>;
}

/** A bucket behind S3's protocol that holds the backups. */
export interface BackupS3 {
  /** URL of the server, such as `https://s3.eu-central-1.amazonaws.com`. */
  endpoint: string;
  /** Name of the bucket. It must exist, or the key must be allowed to create it. */
  bucketName: string;
  /** Folder in the bucket. Defaults to `mlflow-backup`. */
  path?: string;
  /** Region of the bucket, if the server has regions. */
  region?: string;
  /** Id of the access key; kept secret. Required without `secretName`. */
  accessKeyId?: pulumi.Input<string>;
  /** Secret of the access key; kept secret. Required without `secretName`. */
  secretAccessKey?: pulumi.Input<string>;
  /** Existing Secret to use instead, in the same namespace, with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Excludes `accessKeyId` and `secretAccessKey`. */
  secretName?: pulumi.Input<string>;
}

/** Where backups are kept: one of a volume, a bucket and an S3-compatible server. */
export interface BackupDestination {
  /** A volume in the cluster. */
  volume?: BackupVolume;
  /** A bucket of Google Cloud Storage. */
  bucket?: BackupBucket;
  /** A bucket of an S3-compatible server. */
  s3?: BackupS3;
}

/** Which backups are kept: one that is either among the newest or young enough. */
export interface BackupRetention {
  /** Number of newest backups to keep regardless of age, 1 to 1000. Defaults to 7. */
  count?: number;
  /** Days for which every backup is kept, 1 to 3650. Defaults to 30. */
  days?: number;
}

/** What people choose about backups. */
export interface BackupSettings extends kube.PodSettings {
  /** Cron schedule such as `0 2 * * *`, or one of `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`. Defaults to `0 2 * * *`. If the stores are lost, so is everything logged since the last backup. */
  schedule?: string;
  /** Time zone of the schedule. Defaults to `Etc/UTC`. */
  timeZone?: pulumi.Input<string>;
  /** Which backups are kept. */
  retention?: BackupRetention;
  /** Where backups are kept. Defaults to a volume of `20Gi`. A new destination starts empty; backups in a bucket or an existing claim stay there, but a volume that this component created is deleted with its backups. */
  destination?: BackupDestination;
  /** Password that the backups are encrypted with. Generated when left out. Without it they cannot be read; keep a copy of the output `password` outside the cluster. A destination that already holds backups keeps its password. */
  password?: pulumi.Input<string>;
  /** Existing Secret to use instead, in the same namespace, with the key `password`. Excludes `password`, and the output `password` is absent. */
  passwordSecretName?: pulumi.Input<string>;
  /** Age in hours of the last backup at which an alert fires, 1 to 8784. Defaults to 26, for a daily schedule. */
  maxAgeHours?: number;
  /** Size of the folder for the dumps of both databases. Defaults to `2Gi`. A pod that writes more is evicted. */
  temporaryStorage?: pulumi.Input<string>;
  /** Seconds after which a backup or a restore fails, 60 to 604800 (a week). Defaults to 21600 (six hours). */
  deadlineSeconds?: number;
  /** CPU and memory of each pod. Defaults to requests of 100m and 128Mi, and limits of 2 cores and 1Gi. */
  resources?: kube.ContainerResources;
}

/** The tracking server whose data is kept: its image and a TrackingServer's outputs. */
export interface BackupTracking {
  /** Image built from `apps/tracking`: a restore migrates the databases to its schema and sets the stack's passwords. */
  image: pulumi.Input<string>;
  /** MLflow version inside that image. */
  mlflowVersion: string;
  /** Deployment that a restore stops while it swaps the data. */
  deploymentName: pulumi.Input<string>;
  /** Secret with the administrator's password and the users. */
  migrationSettingsName: pulumi.Input<string>;
}

/** Arguments of Backup. */
export interface BackupArgs extends BackupSettings, kube.NamespacedArgs, kube.PausableArgs {
  /** Image built from `apps/backup`. */
  image: pulumi.Input<string>;
  /** Both databases of MLflow. Their user must be allowed to create databases, as PostgresDatabase's is. */
  database: DatabaseConnection;
  /** The artifact store, which must be on a claim. */
  artifacts: ArtifactLocation;
  /** The tracking server that uses both. */
  tracking: BackupTracking;
  /** URL of a Prometheus Pushgateway that receives the metrics of each backup. Defaults to none. */
  pushgatewayUrl?: pulumi.Input<string>;
  /** Storage class of the new claim. Defaults to the cluster's default class. */
  storageClassName?: pulumi.Input<string>;
}

const bucketPath = matches(
  /^[^/\s][^\s]*[^/\s]$/,
  "be a folder such as mlflow-backup, without a slash at its ends",
);
const bucketName = required(
  matches(/^[a-z0-9][-._a-z0-9]{1,61}[a-z0-9]$/, "be the name of a bucket"),
);

const volume: Rule = object<BackupVolume>(
  { storageSize: quantity("20Gi"), claimName: text },
  (check, { storageSize, claimName }) =>
    check.refuse(
      "storageSize",
      storageSize !== undefined && claimName !== undefined,
      `${check.pathOf("storageSize")} has no effect with an existing claim; leave it out`,
    ),
);

/** What an existing Secret takes the place of. */
const excludes = (check: Check, secretName: unknown, values: { [key: string]: unknown }): void => {
  for (const [key, value] of Object.entries(values)) {
    check.refuse(
      key,
      secretName !== undefined && value !== undefined,
      `${check.pathOf(key)} has no effect with an existing Secret; leave it out`,
    );
  }
};

const destination: Rule = object<BackupDestination>(
  {
    volume,
    bucket: object<BackupBucket>(
      { bucketName, path: bucketPath, credentials: googleCredentials, secretName: text },
      (check, { secretName, credentials }) => excludes(check, secretName, { credentials }),
    ),
    s3: object<BackupS3>(
      {
        endpoint: required(
          matches(/^https?:\/\/[^\s/?#]+\/?$/, "be a URL such as https://s3.example.org"),
        ),
        bucketName,
        path: bucketPath,
        region: text,
        accessKeyId: text,
        secretAccessKey: text,
        secretName: text,
      },
      orSecret<BackupS3>("secretName", "accessKeyId", "secretAccessKey"),
    ),
  },
  (check, _, given) => {
    const chosen = Object.values(given).filter((value) => value !== undefined);
    if (chosen.length !== 1) check.must("have exactly one of volume, bucket and s3");
  },
);

export const backupSettingsRules: Rules<BackupSettings> = {
  ...kube.podSettingsRules,
  schedule: must(
    "be five cron fields such as `0 2 * * *`, or a word such as @daily",
    (schedule) =>
      typeof schedule === "string" &&
      (/^@(yearly|monthly|weekly|daily|hourly)$/.test(schedule) ||
        schedule.trim().split(/\s+/).length === 5),
  ),
  timeZone: text,
  retention: object<BackupRetention>({ count: whole(1, 1000), days: whole(1, 3650) }),
  destination,
  password: must<string>(
    "have at least 12 characters; leave it out to have one generated",
    (password) => typeof password === "string" && password.length >= 12,
  ),
  passwordSecretName: text,
  maxAgeHours: whole(1, 8784),
  temporaryStorage: quantity("2Gi"),
  deadlineSeconds: whole(60, 604800),
  resources: kube.resourcesRule,
};

const storesInCluster: Combination<BackupArgs> = (check, { database, artifacts }) => {
  check
    .at("database")
    .refuse(
      "proxy",
      database?.proxy !== undefined,
      "database.proxy is for Cloud SQL, which has backups of its own; back up databases in the cluster only",
    );
  if (artifacts !== undefined) {
    check
      .at("artifacts")
      .refuse(
        "claimName",
        artifacts.claimName === undefined,
        "artifacts.claimName must be given; a bucket keeps its own versions",
      );
  }
};

export const onePassword: Combination<BackupSettings> = (check, { password, passwordSecretName }) =>
  excludes(check, passwordSecretName, { password });

export const checkBackup: Rule = object<BackupArgs>(
  {
    ...backupSettingsRules,
    ...kube.namespacedRules,
    ...kube.pausableRules,
    image: required(text),
    database: required(databaseConnection),
    artifacts: required(artifactLocation),
    tracking: required(
      object<BackupTracking>({
        image: required(text),
        mlflowVersion: required(string),
        deploymentName: required(text),
        migrationSettingsName: required(text),
      }),
    ),
    pushgatewayUrl: text,
    storageClassName: text,
  },
  storesInCluster,
  onePassword,
);
