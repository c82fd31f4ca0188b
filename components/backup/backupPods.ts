import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { StringMap } from "../kubernetes/arguments.ts";
import {
  containerResources,
  containerSecurity,
  environment,
  podSpec,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { proxyContainers } from "../tracking/cloudSqlProxy.ts";
import { databasePassword, proxyAddress } from "../tracking/connections.ts";
import type { GoogleCredentials } from "../tracking/googleCredentials.ts";
import { administrator } from "../tracking/trackingPods.ts";
import type { BackupArgs } from "./arguments.ts";
import type { Destination } from "./destination.ts";
import { backupName, copyName, restoreName } from "./names.ts";

const work = "/work";
const artifacts = `${work}/artifacts`;
const temporary = temporaryFolder("2Gi").mount;
const settingsFolder = "/etc/mlflow";
const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

type Container = k8s.types.input.core.v1.Container;
type Volume = k8s.types.input.core.v1.Volume;

/** What the component passes to the pods. */
export interface BackupPodParts {
  readonly labels: StringMap;
  readonly serviceAccountName: pulumi.Input<string>;
  readonly settingsName: pulumi.Input<string>;
  /** Where backups are; none for a pod that only receives copies. */
  readonly destination?: Destination;
  /** Stores outside of the cluster: artifacts go through the tracking server, and the databases perhaps through a proxy. */
  readonly outside?: { trackingUrl: pulumi.Input<string>; google?: GoogleCredentials };
}

/** Pod that makes a backup; other commands of the image run in it too. */
export function backupPod(args: BackupArgs, parts: BackupPodParts) {
  return pod(args, parts, {
    containers: [container(backupName, ["make"], args, parts)],
    volumes: [],
  });
}

/**
 * Pod that restores in three steps: next to the data in use, then the migration of what was restored, then the swap.
 * Only the last one gets a token for the Kubernetes API, to stop and start MLflow. With stores outside of the cluster
 * nothing has to be stopped: no file changes its place, and the databases change their names at once.
 */
export function restorePod(args: BackupArgs, parts: BackupPodParts) {
  const { outside } = parts;
  const swap = container("swap", ["swap"], args, parts);
  const accountMount = { name: account.name, mountPath: accountFolder, readOnly: true };
  return pod(args, parts, {
    initContainers: [
      ...(proxyContainers(args.database, outside?.google).initContainers ?? []),
      container(outside ? copyName : restoreName, ["restore", "latest"], args, parts),
      migration(args, parts.settingsName),
    ],
    containers: [outside ? swap : { ...swap, volumeMounts: [...swap.volumeMounts, accountMount] }],
    volumes: [
      {
        name: "users",
        secret: {
          secretName: args.tracking.migrationSettingsName,
          items: [{ key: "users.json", path: "users.json" }],
          defaultMode: 0o440,
        },
      },
      ...(outside ? [] : [account]),
      ...(outside?.google ? [outside.google.volume] : []),
    ],
  });
}

function pod(
  args: BackupArgs,
  { labels, serviceAccountName, destination }: BackupPodParts,
  own: { initContainers?: Container[]; containers: Container[]; volumes: Volume[] },
) {
  const { initContainers, containers, volumes } = own;
  const { claimName } = args.artifacts;
  return {
    metadata: { labels, annotations: args.annotations },
    spec: podSpec(userIds.python, serviceAccountName, args, {
      affinity: besideTrackingServer,
      restartPolicy: "Never",
      ...(initContainers && { initContainers }),
      containers,
      volumes: [
        {
          name: "artifacts",
          ...(claimName
            ? { persistentVolumeClaim: { claimName } }
            : { emptyDir: { sizeLimit: "16Mi" } }),
        },
        temporaryFolder(args.temporaryStorage ?? "2Gi").volume,
        ...(destination?.volumes ?? []),
        ...volumes,
      ],
    }),
  };
}

/** The artifact volume is for one node. Preferred only: a restore must also run while MLflow is stopped. */
const besideTrackingServer = {
  podAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          topologyKey: "kubernetes.io/hostname",
          labelSelector: { matchLabels: { "app.kubernetes.io/name": "mlflow" } },
        },
      },
    ],
  },
};

function container(
  name: string,
  words: string[],
  args: BackupArgs,
  { settingsName, destination, outside }: BackupPodParts,
) {
  const { database, retention = {}, maxAgeHours = 26, tracking, pushgatewayUrl } = args;
  const { host, port } = database.proxy === undefined ? database : proxyAddress;
  return {
    name,
    image: args.image,
    args: words,
    env: [
      ...environment(
        {
          PGHOST: host,
          PGPORT: pulumi.interpolate`${port}`,
          PGUSER: database.username,
          BACKUP_DATABASE: database.database,
          BACKUP_AUTH_DATABASE: database.authDatabase,
          BACKUP_ARTIFACT_STORE: args.artifacts.uri,
          BACKUP_WORK: work,
          BACKUP_KEEP_COUNT: `${retention.count ?? 7}`,
          BACKUP_KEEP_DAYS: `${retention.days ?? 30}`,
          BACKUP_MAX_AGE_SECONDS: `${maxAgeHours * 3600}`,
          MLFLOW_VERSION: tracking.mlflowVersion,
          ...(outside
            ? { MLFLOW_TRACKING_URI: outside.trackingUrl, MLFLOW_TRACKING_USERNAME: administrator }
            : { MLFLOW_DEPLOYMENT: tracking.deploymentName }),
          ...(pushgatewayUrl === undefined ? {} : { PUSHGATEWAY_URL: pushgatewayUrl }),
          ...destination?.environment,
        },
        settingsName,
        {
          ...(database.password !== undefined && { PGPASSWORD: "database-password" }),
          ...(outside && { MLFLOW_TRACKING_PASSWORD: "admin-password" }),
        },
      ),
      ...databasePassword(database),
      ...(destination ? destinationVariables(args, destination, settingsName) : []),
    ],
    resources: containerResources(
      { cpuRequest: "100m", cpuLimit: "2", memoryRequest: "128Mi", memoryLimit: "1Gi" },
      args.resources,
      args.temporaryStorage ?? "2Gi",
    ),
    securityContext: containerSecurity,
    volumeMounts: [
      { ...temporary, mountPath: work },
      { name: "artifacts", mountPath: artifacts },
      temporary,
      ...(destination?.mounts ?? []),
    ],
  };
}

/** The credentials of the destination: in the pods' Secret, or in existing ones. */
function destinationVariables(
  { passwordSecretName }: BackupArgs,
  { secrets, existing }: Destination,
  settingsName: pulumi.Input<string>,
) {
  const named = (names: string[]) => Object.fromEntries(names.map((name) => [name, name]));
  return [
    ...environment({}, passwordSecretName ?? settingsName, { RESTIC_PASSWORD: "password" }),
    ...environment({}, settingsName, named(Object.keys(secrets))),
    ...(existing ? environment({}, existing.secretName, named(existing.names)) : []),
  ];
}

/**
 * The tracking server's migration, on the restored databases: an older snapshot gets the server's schema, and the
 * accounts get the passwords of this stack. A pod that takes the place of one that was swapping has nothing to migrate.
 */
function migration({ tracking, database }: BackupArgs, settingsName: pulumi.Input<string>) {
  const restored = `grep -qs '"phase": "restored"' ${artifacts}/.restore/journal.json`;
  return {
    name: "migrate",
    image: tracking.image,
    command: [
      "sh",
      "-c",
      `${restored} || exit 0; exec python -m tracking_server migrate --in-place`,
    ],
    env: [
      ...environment(
        {
          MLFLOW_AUTH_ADMIN_USERNAME: administrator,
          MLOPS_USERS_FILE: `${settingsFolder}/users.json`,
        },
        settingsName,
        { MLFLOW_BACKEND_STORE_URI: "restored-uri", MLFLOW_AUTH_DATABASE_URI: "restored-auth-uri" },
      ),
      ...environment({}, tracking.migrationSettingsName, {
        MLFLOW_AUTH_ADMIN_PASSWORD: "admin-password",
      }),
      ...databasePassword(database),
    ],
    resources: containerResources({
      cpuRequest: "100m",
      cpuLimit: "2",
      memoryRequest: "256Mi",
      memoryLimit: "1Gi",
    }),
    securityContext: containerSecurity,
    volumeMounts: [
      { name: "users", mountPath: settingsFolder, readOnly: true },
      { name: "artifacts", mountPath: artifacts, readOnly: true },
      temporary,
    ],
  };
}

/** What Kubernetes would mount into every container of the pod. */
const account = {
  name: "account",
  projected: {
    defaultMode: 0o440,
    sources: [
      { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }],
        },
      },
    ],
  },
};
