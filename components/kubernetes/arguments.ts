import type * as pulumi from "@pulumi/pulumi";

/** One allowed direction of traffic. At least one of its ends is a workload of the namespace. */
export interface NetworkFlowArgs {
  /** `app.kubernetes.io/name` of the pods that call. Left out, anybody may call, from outside the cluster too. */
  from?: string;
  /** Ranges of addresses that may call, such as `10.0.0.0/8`. Exclude `from`. */
  fromAddresses?: string[];
  /** `app.kubernetes.io/name` of the pods that answer. Left out, anything may be called, outside the cluster too. */
  to?: string;
  /** Ranges of addresses that may be called, such as `169.254.169.254/32`. Exclude `to`. */
  toAddresses?: pulumi.Input<string>[];
  /** What `toAddresses` are called in the policy's name, such as `api-server`. Defaults to the ranges; required where one is an output. */
  toName?: string;
  /** TCP port of the answering pods (not of their Service). */
  port: pulumi.Input<number>;
}

/** Arguments of NetworkFlows. */
export interface NetworkFlowsArgs {
  /** Namespace whose traffic is restricted. */
  namespace: pulumi.Input<string>;
  /** Every flow that is allowed, besides DNS. */
  flows: NetworkFlowArgs[];
  /** Ranges of DNS servers besides the pods of CoreDNS, kube-dns and NodeLocal DNSCache in `kube-system`. Defaults to `169.254.20.10/32` and `169.254.169.254/32`, where NodeLocal DNSCache and Cloud DNS for GKE answer. */
  dnsAddresses?: string[];
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** CPU and memory of one container. */
export interface ContainerResourcesArgs {
  /** CPU that is reserved, in cores or millicores. */
  cpuRequest?: pulumi.Input<string>;
  /** Most CPU the container may use; it is slowed down beyond. */
  cpuLimit?: pulumi.Input<string>;
  /** Memory that is reserved, as a quantity such as `512Mi`. */
  memoryRequest?: pulumi.Input<string>;
  /** Most memory the container may use; it is killed and restarted beyond. */
  memoryLimit?: pulumi.Input<string>;
}

export type StringMap = { [key: string]: pulumi.Input<string> };

/** What every component accepts for its objects' metadata. */
export interface MetadataArgs {
  namespace: pulumi.Input<string>;
  labels?: StringMap;
  annotations?: StringMap;
}
