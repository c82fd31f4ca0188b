import * as pulumi from "@pulumi/pulumi";
import { mirrored } from "../core/imageMirror.ts";
import { versions } from "../core/versions.ts";
import { containerResources, containerSecurity } from "../kubernetes/pods.ts";
import type { DatabaseConnection, DatabaseProxy } from "./arguments.ts";
import { proxyAddress } from "./connections.ts";
import { credentialsFile, type GoogleCredentials } from "./googleCredentials.ts";

const healthPort = 9090;

/**
 * The Auth Proxy as a native sidecar: Kubernetes starts it before the pod's containers, keeps it while they run, and
 * stops it after them. So a Job with it ends, and a server can finish its last queries. Nothing where there is no proxy.
 */
export function proxyContainers(
  { proxy }: DatabaseConnection,
  credentials: GoogleCredentials | undefined,
) {
  if (proxy === undefined) return {};
  const get = (path: string) => ({ httpGet: { path, port: "proxy-health" } });
  return {
    initContainers: [
      {
        name: "cloud-sql-proxy",
        image: proxy.image ?? versions.cloudSqlProxy,
        restartPolicy: "Always",
        args: proxyArguments(proxy, credentials !== undefined),
        ports: [{ name: "proxy-health", containerPort: healthPort }],
        // the pod's containers wait for it; a database that is away does not keep them waiting
        startupProbe: {
          ...get("/startup"),
          periodSeconds: 1,
          timeoutSeconds: 5,
          failureThreshold: 60,
        },
        livenessProbe: {
          ...get("/liveness"),
          periodSeconds: 10,
          timeoutSeconds: 5,
          failureThreshold: 6,
        },
        resources: containerResources({
          cpuRequest: "10m",
          cpuLimit: "1",
          memoryRequest: "32Mi",
          memoryLimit: "256Mi",
        }),
        securityContext: containerSecurity,
        ...(credentials === undefined ? {} : { volumeMounts: [credentials.mount] }),
      },
    ],
  };
}

/** The same connection with the proxy's image behind a mirror. */
export const mirroredProxy = (
  { proxy, ...connection }: DatabaseConnection,
  imageMirror?: string,
): DatabaseConnection => ({
  ...connection,
  ...(proxy && { proxy: { image: mirrored(versions.cloudSqlProxy, imageMirror), ...proxy } }),
});

function proxyArguments(
  { instance, privateAddress = true }: DatabaseProxy,
  withCredentials: boolean,
): pulumi.Output<string[]> {
  return pulumi.all([instance, privateAddress]).apply(([connectionName, isPrivate]) => [
    "--structured-logs",
    `--port=${proxyAddress.port}`,
    ...(isPrivate ? ["--private-ip"] : []),
    "--health-check",
    "--http-address=0.0.0.0",
    `--http-port=${healthPort}`,
    // when Kubernetes stops it, it is done: exit code 143 would look like a failure
    "--exit-zero-on-sigterm",
    ...(withCredentials ? [`--credentials-file=${credentialsFile}`] : []),
    connectionName,
  ]);
}
