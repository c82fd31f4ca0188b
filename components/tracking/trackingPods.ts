import * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import type { StringMap } from "../kubernetes/arguments.ts";
import type { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import {
  containerResources,
  containerSecurity,
  drainBeforeStop,
  environment,
  httpProbes,
  podSpec,
  spreadOverNodes,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import type { TrackingServerArgs } from "./arguments.ts";
import { proxyContainers } from "./cloudSqlProxy.ts";
import { connectionPool, databasePassword } from "./connections.ts";
import type { GoogleCredentials } from "./googleCredentials.ts";
import { counts, metricsContainers } from "./trackingMetrics.ts";

export const { port, healthPath } = services.tracking;
export const administrator = "admin";
const settingsFolder = "/etc/mlflow";
const defaultTemporaryStorage = "2Gi";

/** What the component passes to the pods of the server and of its migration. */
export interface TrackingPodParts {
  labels: StringMap;
  settingsName: pulumi.Input<string>;
  serviceAccountName: pulumi.Input<string>;
  google?: GoogleCredentials;
}

/** Pod of the Job that migrates both databases and makes the users. */
export function migrationPod(args: TrackingServerArgs, parts: TrackingPodParts) {
  const { labels, settingsName, google } = parts;
  const { storageSize } = args.database;
  const tmp = temporaryFolder("1Gi");
  return {
    metadata: { labels, annotations: args.annotations },
    spec: podSpec(userIds.python, parts.serviceAccountName, args, {
      restartPolicy: "Never",
      ...proxyContainers(args.database, google),
      containers: [
        {
          name: "migrate",
          image: args.image,
          args: ["migrate"],
          // `up` and `doctor` quote the last line of its log
          terminationMessagePolicy: "FallbackToLogsOnError",
          env: [
            ...environment(
              {
                MLFLOW_AUTH_ADMIN_USERNAME: administrator,
                MLOPS_USERS_FILE: `${settingsFolder}/users.json`,
                ...(storageSize === undefined ? {} : { MLOPS_DATABASE_STORAGE_SIZE: storageSize }),
              },
              settingsName,
              {
                MLFLOW_BACKEND_STORE_URI: "store-uri",
                MLFLOW_AUTH_DATABASE_URI: "auth-uri",
                MLFLOW_AUTH_ADMIN_PASSWORD: "admin-password",
              },
            ),
            ...databasePassword(args.database),
          ],
          resources: containerResources({
            cpuRequest: "100m",
            cpuLimit: "2",
            memoryRequest: "256Mi",
            memoryLimit: "1Gi",
          }),
          securityContext: containerSecurity,
          volumeMounts: [settingsMount, tmp.mount],
        },
      ],
      volumes: [
        settingsVolume(settingsName, "users.json"),
        tmp.volume,
        // the migration reads no artifact: only the proxy needs the key
        ...(args.database.proxy && google ? [google.volume] : []),
      ],
    }),
  };
}

export function serverPod(
  name: string,
  args: TrackingServerArgs,
  selector: { [key: string]: string },
  parts: TrackingPodParts & { withGiven: ReturnType<typeof givenEnvironment> },
) {
  const { labels, settingsName, google } = parts;
  const tmp = temporaryFolder(args.temporaryStorage ?? defaultTemporaryStorage);
  const artifacts = artifactVolume(args);
  const hosts = pulumi.all([
    args.namespace,
    args.nodeAddress ?? "localhost",
    pulumi.output(args.hostNames ?? []),
  ]);
  return {
    metadata: { labels, annotations: args.annotations },
    spec: podSpec(userIds.python, parts.serviceAccountName, args, {
      topologySpreadConstraints: spreadOverNodes(selector),
      ...proxyContainers(args.database, google),
      containers: [
        {
          name: "mlflow",
          image: args.image,
          args: ["server"],
          env: parts.withGiven([
            ...environment(
              {
                MLFLOW_HOST: "0.0.0.0",
                MLFLOW_PORT: `${port}`,
                MLFLOW_WORKERS: `${args.workers ?? 1}`,
                ...(args.logLevel === undefined ? {} : { MLFLOW_LOGGING_LEVEL: args.logLevel }),
                MLFLOW_ARTIFACTS_DESTINATION: args.artifacts.uri,
                MLFLOW_SERVER_ALLOWED_HOSTS: hosts.apply(([namespace, address, further]) =>
                  allowedHosts(name, namespace, [address, ...further]),
                ),
                MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: hosts.apply(([namespace, address, further]) =>
                  allowedOrigins(name, namespace, [address, ...further]),
                ),
                MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
                ...counts.environment,
                MLFLOW_AUTH_CONFIG_PATH: `${settingsFolder}/basic_auth.ini`,
                MLFLOW_AUTH_ADMIN_USERNAME: administrator,
                MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: `${connectionPool.size}`,
                MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: `${connectionPool.maxOverflow}`,
                MLFLOW_DISABLE_TELEMETRY: "true",
                ...google?.environment,
              },
              settingsName,
              {
                MLFLOW_BACKEND_STORE_URI: "store-uri",
                MLFLOW_AUTH_ADMIN_PASSWORD: "admin-password",
                MLFLOW_FLASK_SERVER_SECRET_KEY: "flask-secret-key",
              },
            ),
            ...databasePassword(args.database),
          ]),
          ports: [{ name: "http", containerPort: port }],
          // /health does not query the database: a database that is away must not restart the server
          ...httpProbes(
            { startup: healthPath, readiness: healthPath, liveness: healthPath },
            "localhost",
          ),
          lifecycle: drainBeforeStop,
          resources: containerResources(
            { cpuRequest: "200m", cpuLimit: "2", memoryRequest: "512Mi", memoryLimit: "1536Mi" },
            args.resources,
          ),
          securityContext: containerSecurity,
          volumeMounts: [
            settingsMount,
            tmp.mount,
            counts.mount,
            ...(google ? [google.mount] : []),
            ...artifacts.mounts,
          ],
        },
        ...metricsContainers(args, port, settingsName),
      ],
      volumes: [
        settingsVolume(settingsName, "basic_auth.ini"),
        tmp.volume,
        counts.volume,
        ...(google ? [google.volume] : []),
        ...artifacts.volumes,
      ],
    }),
  };
}

const settingsMount = { name: "settings", mountPath: settingsFolder, readOnly: true };

/** One key of a Secret as a file that only the pod's user and group can read. */
function settingsVolume(secretName: pulumi.Input<string>, key: string) {
  const items = [{ key, path: key }];
  return { name: "settings", secret: { secretName, items, defaultMode: 0o440 } };
}

function artifactVolume({ artifacts: { uri, claimName } }: TrackingServerArgs) {
  if (claimName === undefined) return { mounts: [], volumes: [] };
  return {
    mounts: [{ name: "artifacts", mountPath: uri }],
    volumes: [{ name: "artifacts", persistentVolumeClaim: { claimName } }],
  };
}

/** Name of the Service inside the cluster in every form that clients use. */
function serviceNames(service: string, namespace: string): string[] {
  const inNamespace = `${service}.${namespace}`;
  return [service, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
}

/**
 * Value of MLFLOW_SERVER_ALLOWED_HOSTS. MLflow compares the whole Host header, port included, so each name is
 * listed with and without one; setting the list drops MLflow's defaults, so those are listed too. No pattern covers a
 * range of addresses: `10.*` would also allow `10.evil.example`.
 */
export function allowedHosts(service: string, namespace: string, external: string[]): string {
  const names = [...serviceNames(service, namespace), "localhost", "127.0.0.1", ...external];
  return [...new Set(names)].flatMap((name) => [name, `${withoutPattern(name)}:*`]).join(",");
}

/** In a pattern the brackets of an IPv6 address would be a set of characters. */
const withoutPattern = (name: string) => name.replace("[", "[[]");

/** Value of MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: the pages that may send changing requests from a browser. */
export function allowedOrigins(service: string, namespace: string, external: string[]): string {
  const names = [...serviceNames(service, namespace), ...external];
  return [...new Set(names)]
    .flatMap((name) =>
      ["http", "https"].flatMap((s) => [`${s}://${name}`, `${s}://${withoutPattern(name)}:*`]),
    )
    .join(",");
}
