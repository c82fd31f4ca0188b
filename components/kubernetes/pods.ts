import type * as pulumi from "@pulumi/pulumi";
import type {
  ContainerResources,
  KubernetesFields,
  PodPatch,
  PodSettings,
  StringMap,
} from "./arguments.ts";
import { skipAwait } from "./metadata.ts";

/**
 * Requests and limits of one container.
 * @param temporaryStorage what it may write to its temporary folder: on GKE Autopilot a pod that writes more than it
 * requests is evicted, and without a request that is 1 GiB for each container
 */
export function containerResources(
  defaults: Required<ContainerResources>,
  own: ContainerResources = {},
  temporaryStorage?: pulumi.Input<string>,
) {
  const all = { ...defaults, ...own };
  return {
    requests: {
      cpu: all.cpuRequest,
      memory: all.memoryRequest,
      ...(temporaryStorage === undefined ? {} : { "ephemeral-storage": temporaryStorage }),
    },
    limits: { cpu: all.cpuLimit, memory: all.memoryLimit },
  };
}

/** What Pod Security `restricted` requires of a container, and a read-only root file system. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** User of our Python images and of Debian's and the official Postgres image. */
export const userIds = { python: 1000, postgres: 999 } as const;

/** A container port that Prometheus finds by its name: every port called `metrics` or `…-metrics` is scraped. */
export function metricsPorts(port: number | undefined, name = "metrics") {
  return port === undefined ? [] : [{ name, containerPort: port }];
}

/** Spec of a pod: the common parts of the platform, its own parts, and the caller's patch over both. */
export function podSpec<Own extends object>(
  userId: number,
  serviceAccountName: pulumi.Input<string>,
  { nodeSelector, tolerations, imagePullSecrets, podPatch }: PodSettings,
  own: Own,
) {
  const spec = {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(imagePullSecrets && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      // without it every file of a large volume would be visited at each start of a pod
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...own,
  };
  return podPatch === undefined ? spec : patched(spec, podPatch);
}

/** The lists that a patch adds to; those of our pods are plain. */
interface PodParts {
  containers: { volumeMounts?: KubernetesFields[] }[];
  initContainers?: object[];
  volumes?: KubernetesFields[];
}

/** Fields replace those of the component; volumes, mounts and sidecars are added to them. */
function patched<Spec extends object>(
  spec: Spec,
  { sidecars, volumes, volumeMounts, envFrom, ...fields }: PodPatch,
): Spec {
  const added = <T>(own: T[] | undefined, further: T[] = []) =>
    further.length > 0 ? [...(own ?? []), ...further] : own;
  const { containers, initContainers, volumes: own } = spec as unknown as PodParts;
  return given({
    ...spec,
    ...fields,
    containers: containers.map((container) =>
      given({ ...container, envFrom, volumeMounts: added(container.volumeMounts, volumeMounts) }),
    ),
    initContainers: added(initContainers, sidecars?.map(guardedSidecar)),
    volumes: added(own, volumes),
  });
}

/** Drops the fields that a patch leaves out. */
const given = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

/** A container that starts before the others and, in a Job too, ends after them. */
const guardedSidecar = (sidecar: KubernetesFields) => ({
  ...sidecar,
  restartPolicy: "Always",
  securityContext: containerSecurity,
});

/** The only folder a pod may write to in addition to its volumes. */
export function temporaryFolder(sizeLimit: pulumi.Input<string>) {
  return {
    volume: { name: "tmp", emptyDir: { sizeLimit } },
    mount: { name: "tmp", mountPath: "/tmp" },
  };
}

/**
 * HTTP probes on a named port: generous at start, prompt for readiness, patient for liveness.
 * @param host value of their Host header, for a server that checks it; the pod's address by default
 */
export function httpProbes(
  paths: { startup: string; readiness: string; liveness: string },
  host?: string,
) {
  const httpHeaders = host === undefined ? {} : { httpHeaders: [{ name: "Host", value: host }] };
  const get = (path: string) => ({
    httpGet: { path, port: "http", ...httpHeaders },
    timeoutSeconds: 5,
  });
  return {
    startupProbe: { ...get(paths.startup), periodSeconds: 1, failureThreshold: 180 },
    readinessProbe: { ...get(paths.readiness), periodSeconds: 2, failureThreshold: 3 },
    livenessProbe: {
      ...get(paths.liveness),
      // on a tenth of a core, decoding one large request can hold up every other answer for seconds
      timeoutSeconds: 20,
      periodSeconds: 10,
      failureThreshold: 6,
    },
  };
}

/** Requests that were sent before the pod left its Service are still answered. */
export const drainBeforeStop = { preStop: { sleep: { seconds: 3 } } };

/** Spreads the pods of one workload over nodes where there is more than one. */
export function spreadOverNodes(selector: { [key: string]: string }) {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    },
  ];
}

/** A variable of a container, in plaintext or by reference. */
export interface EnvironmentVariable {
  name: string;
  value?: pulumi.Input<string>;
  valueFrom?: { secretKeyRef: { name: pulumi.Input<string>; key: string } };
}

/** Environment variables from a plain map; `secret` entries are keys of the named Secret. */
export function environment(
  values: { [name: string]: pulumi.Input<string> },
  secretName?: pulumi.Input<string>,
  secretKeys: { [name: string]: string } = {},
): EnvironmentVariable[] {
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    ...Object.entries(secretKeys).map(([name, key]) => ({
      name,
      valueFrom: { secretKeyRef: { name: secretName!, key } },
    })),
  ];
}

/** The requested number of pods. */
export const pausedReplicas = (replicas: number, paused = false): number => (paused ? 0 : replicas);

/** A suspended Job: nothing starts, and the update does not wait for it. A finished one stays finished. */
export const pausedJob = (paused = false): { suspend?: boolean; annotations?: StringMap } =>
  paused ? { suspend: true, annotations: skipAwait } : {};

/** Another manager, such as an autoscaler, has set the number of pods: an update sets it again without a conflict. */
export const takeReplicasBack: StringMap = { "pulumi.com/patchForce": "true" };
