import type * as pulumi from "@pulumi/pulumi";
import { addressRange } from "../core/addressRanges.ts";
import {
  anything,
  dnsLabel,
  exclusive,
  flag,
  hostName,
  isWholeNumber,
  list,
  map,
  matches,
  must,
  object,
  oneOf,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";

export type StringMap = { [key: string]: pulumi.Input<string> };

/** What is added to everything that a component makes. */
export interface LabelledArgs {
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** Where the objects of a component are. */
export interface NamespacedArgs extends LabelledArgs {
  /** Namespace that holds every object of the component. */
  namespace: pulumi.Input<string>;
}

/** How other pods find a workload. */
export interface ServiceArgs {
  /** Name of the Service and of the objects behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
}

/** Whether a workload runs. */
export interface PausableArgs {
  /** Whether all of its pods are stopped. Defaults to false. Data and addresses are kept. */
  paused?: boolean;
}

/** What the pods behind a Service have in common. */
export interface WorkloadArgs extends NamespacedArgs, ServiceArgs, PausableArgs {}

/** How a workload is opened on the nodes. */
export interface NodePortArgs {
  /** Port on every node, 30000 to 32767. Defaults to none: reachable inside the cluster only. */
  nodePort?: number;
}

/** By which address people reach a node. */
export interface NodeAddressArgs {
  /** Address under which people reach a node. Defaults to `localhost`. */
  nodeAddress?: pulumi.Input<string>;
}

/** CPU and memory of one container. */
export interface ContainerResources {
  /** Reserved CPU, in cores or millicores. */
  cpuRequest?: pulumi.Input<string>;
  /** CPU limit; the container is throttled above it. */
  cpuLimit?: pulumi.Input<string>;
  /** Reserved memory, as a quantity such as `512Mi`. */
  memoryRequest?: pulumi.Input<string>;
  /** Memory limit; the container is killed and restarted above it. */
  memoryLimit?: pulumi.Input<string>;
}

/** A taint of nodes that pods put up with. */
export interface Toleration {
  /** Key of the taint. Left out, every taint is tolerated. */
  key?: pulumi.Input<string>;
  /** `Equal`, the default, compares the value; `Exists` does not. */
  operator?: pulumi.Input<string>;
  /** Value of the taint. */
  value?: pulumi.Input<string>;
  /** `NoSchedule`, `PreferNoSchedule` or `NoExecute`. Left out, every effect is tolerated. */
  effect?: pulumi.Input<string>;
  /** Seconds for which a pod stays on a node that gets a taint with `NoExecute`. Defaults to forever. */
  tolerationSeconds?: pulumi.Input<number>;
}

/** Fields of an object as the Kubernetes API has them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type KubernetesFields = { [key: string]: any };

/** Patch merged into every pod of a workload last, for what no argument covers. It cannot change selectors or the security context. */
export interface PodPatch {
  /** Affinity and anti-affinity, in place of the component's own. */
  affinity?: KubernetesFields;
  /** Topology spread constraints, in place of the component's own. */
  topologySpreadConstraints?: KubernetesFields[];
  /** Name of a PriorityClass. Defaults to the cluster's default priority. */
  priorityClassName?: pulumi.Input<string>;
  /** Name of a RuntimeClass, such as `gvisor`. Defaults to the cluster's runtime. */
  runtimeClassName?: pulumi.Input<string>;
  /** Name of the scheduler. Defaults to the cluster's own. */
  schedulerName?: pulumi.Input<string>;
  /** Lines of `/etc/hosts`: each has an `ip` and `hostnames`. Defaults to none. */
  hostAliases?: KubernetesFields[];
  /** Name servers, search domains and options of the resolver, in addition to the cluster's. */
  dnsConfig?: KubernetesFields;
  /** Seconds that a pod has to shut down before it is killed. Defaults to 30. */
  terminationGracePeriodSeconds?: pulumi.Input<number>;
  /** Existing Secrets and ConfigMaps, as `secretRef` or `configMapRef`, whose entries are environment variables of every container except init containers and sidecars. The component's own variables win. */
  envFrom?: KubernetesFields[];
  /** Volumes in addition to the component's own: `configMap`, `csi`, `downwardAPI`, `emptyDir`, `ephemeral`, `persistentVolumeClaim` or `secret`. */
  volumes?: KubernetesFields[];
  /** Mounts of `volumes` in every container except init containers and sidecars. */
  volumeMounts?: KubernetesFields[];
  /** Containers that run next to the others as native sidecars, in Jobs too; they require Kubernetes 1.29. They get the security context of the component's own containers. */
  sidecars?: KubernetesFields[];
}

/** Where the pods of a workload may run, and how their images are pulled. */
export interface PodPlacement {
  /** Labels that a node must have. Defaults to none. */
  nodeSelector?: { [key: string]: pulumi.Input<string> };
  /** Node taints that the pods tolerate. Defaults to none. */
  tolerations?: Toleration[];
  /** Names of Secrets of the type `kubernetes.io/dockerconfigjson` in the namespace, used to pull images. Defaults to none. */
  imagePullSecrets?: pulumi.Input<string>[];
}

/** How the pods of a workload are customized beyond its arguments. */
export interface PatchedPodArgs {
  /** Patch merged into every pod last: affinity, priority, volumes with their mounts, variables from existing Secrets, sidecars. A change rolls the pods. Defaults to none. */
  podPatch?: PodPatch;
}

/** What every workload takes for its pods, unless a Helm chart makes them. */
export interface PodSettings extends PodPlacement, PatchedPodArgs {}

export const labelledRules: Rules<LabelledArgs> = { labels: map(string), annotations: map(string) };

export const namespacedRules: Rules<NamespacedArgs> = {
  ...labelledRules,
  namespace: required(dnsLabel("mlops")),
};

const serviceRules: Rules<ServiceArgs> = { serviceName: dnsLabel("mlflow") };
export const pausableRules: Rules<PausableArgs> = { paused: flag };
export const workloadRules: Rules<WorkloadArgs> = {
  ...namespacedRules,
  ...serviceRules,
  ...pausableRules,
};
export const nodePortRules: Rules<NodePortArgs> = {
  nodePort: must("be between 30000 and 32767", isWholeNumber(30000, 32767)),
};
export const nodeAddressRules: Rules<NodeAddressArgs> = { nodeAddress: hostName };

const cpu = matches(/^([0-9]*[1-9][0-9]*m?|[0-9]+\.[0-9]+)$/, "be cores such as 2, 0.5 or 500m");
const memory = matches(
  /^[0-9]*[1-9][0-9]*(\.[0-9]+)?([KMGTP]i?|k)?$/,
  "be a quantity of bytes such as 512Mi",
);

export const resourcesRule: Rule = object<ContainerResources>({
  cpuRequest: cpu,
  cpuLimit: cpu,
  memoryRequest: memory,
  memoryLimit: memory,
});

const fields = map(anything);

/** An item with a name and without the fields that would undo the security of the pod. */
const guarded =
  (isRefused: (key: string) => boolean, why: string): Rule =>
  (check, value) => {
    const given = fields(check, value) as KubernetesFields | undefined;
    for (const key of Object.keys(given ?? {})) {
      check.refuse(key, isRefused(key), `${check.pathOf(key)} is refused: ${why}`);
    }
    return given && check.hold("name", given["name"], required(text)) && given;
  };

const volumeKinds = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "secret",
];

const podPatchRule = object<PodPatch>({
  affinity: fields,
  topologySpreadConstraints: list(fields),
  priorityClassName: text,
  runtimeClassName: text,
  schedulerName: text,
  hostAliases: list(fields),
  dnsConfig: fields,
  terminationGracePeriodSeconds: whole(1, 86400),
  envFrom: list(fields),
  volumes: list(
    guarded(
      (key) => key !== "name" && !volumeKinds.includes(key),
      `it could hold files of the node or a token of the API server; use one of ${volumeKinds.join(", ")}`,
    ),
  ),
  volumeMounts: list(fields),
  sidecars: list(
    guarded(
      (key) => key === "securityContext",
      "a sidecar has that of the component's own containers; leave it out",
    ),
  ),
});

export const podPlacementRules: Rules<PodPlacement> = {
  nodeSelector: map(string),
  tolerations: list(
    object<Toleration>({
      key: string,
      operator: oneOf({ Equal: "Equal", Exists: "Exists" }),
      value: string,
      effect: oneOf({
        NoSchedule: "NoSchedule",
        PreferNoSchedule: "PreferNoSchedule",
        NoExecute: "NoExecute",
      }),
      tolerationSeconds: must("be a whole number", Number.isInteger),
    }),
  ),
  imagePullSecrets: list(required(text)),
};

export const podSettingsRules: Rules<PodSettings> = {
  ...podPlacementRules,
  podPatch: podPatchRule,
};

/** One allowed direction of traffic. At least one of its ends is a workload of the namespace. */
export interface NetworkFlow {
  /** `app.kubernetes.io/name` of the client pods. Left out, any client is allowed, even from outside the cluster. */
  from?: string;
  /** Name of a Service: of the pods that `from` selects, only those behind it are allowed. */
  fromService?: string;
  /** CIDR ranges of allowed clients, such as `10.0.0.0/8`. Excludes `from`. */
  fromAddresses?: string[];
  /** `app.kubernetes.io/name` of the server pods. Left out, any destination is allowed, even outside the cluster. */
  to?: string;
  /** Name of a Service: of the pods that `to` selects, only those behind it are allowed. */
  toService?: string;
  /** CIDR ranges of allowed destinations, such as `169.254.169.254/32`. Excludes `to`. */
  toAddresses?: pulumi.Input<string>[];
  /** Name for `toAddresses` in the policy's name, such as `api-server`. Defaults to the ranges; required if one is an output. */
  toName?: string;
  /** TCP port of the server pods, not of their Service. Left out, every port is allowed, which requires `from` and `to`. */
  port?: pulumi.Input<number>;
}

/** Arguments of NetworkFlows. */
export interface NetworkFlowsArgs extends NamespacedArgs {
  /** Allowed flows. DNS is always allowed. */
  flows: NetworkFlow[];
  /** Ranges of DNS servers in addition to the pods of CoreDNS, kube-dns and NodeLocal DNSCache in `kube-system`. Defaults to `169.254.20.10/32` and `169.254.169.254/32`, where NodeLocal DNSCache and Cloud DNS for GKE answer. */
  dnsAddresses?: string[];
}

/** Ranges of IPv4 addresses, none of which means every address. */
export const addressRanges: Rule = (check, value) =>
  Array.isArray(value) && value.length === 0
    ? check.fault(`${check.path} must name a range; leave it out for every address`)
    : list(
        must(
          "be a range such as 10.0.0.0/8; to mean every address, leave the argument out",
          (cidr) => typeof cidr === "string" && (addressRange(cidr)?.prefix ?? 0) > 0,
        ),
      )(check, value);

const networkFlow = object<NetworkFlow>(
  {
    from: text,
    fromService: text,
    fromAddresses: addressRanges,
    to: text,
    toService: text,
    toAddresses: addressRanges,
    toName: text,
    port: whole(1, 65535),
  },
  exclusive("from", "fromAddresses"),
  exclusive("to", "toAddresses"),
  (check, { from, fromService, to, toService, toAddresses, toName, port }) => {
    check.refuse(
      "from",
      from === undefined && to === undefined,
      `${check.path} must have from, to or both; a flow without either would allow all traffic`,
    );
    check.refuse(
      "port",
      port === undefined && (from === undefined || to === undefined),
      `${check.pathOf("port")} is required without from and to: only between pods of the namespace may every port be open; add it`,
    );
    const pointless = (end: "from" | "to") =>
      `${check.pathOf(`${end}Service`)} has no effect without ${check.pathOf(end)}; add it`;
    check.refuse("fromService", from === undefined && fromService !== undefined, pointless("from"));
    check.refuse("toService", to === undefined && toService !== undefined, pointless("to"));
    check.refuse(
      "toName",
      toName === undefined && toAddresses?.some((range) => typeof range !== "string") === true,
      `${check.pathOf("toName")} must be given where one of toAddresses is an output; add a name such as api-server`,
    );
  },
);

export const checkNetworkFlows: Rule = object<NetworkFlowsArgs>({
  ...namespacedRules,
  flows: required(list(networkFlow)),
  dnsAddresses: addressRanges,
});
