import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { refuse } from "./internal/checks.ts";
import { metadataFor } from "./internal/metadata.ts";

/** One allowed direction of traffic. At least one of its ends is a workload of the namespace. */
export interface NetworkFlowArgs {
  /** `app.kubernetes.io/name` of the pods that call. Left out, anybody may call, from outside the cluster too. */
  from?: string;
  /** `app.kubernetes.io/name` of the pods that answer. Left out, anything may be called, outside the cluster too. */
  to?: string;
  /** TCP port of the answering pods (not of their Service). */
  port: pulumi.Input<number>;
}

/** Arguments of NetworkFlows. */
export interface NetworkFlowsArgs {
  /** Namespace whose traffic is restricted. */
  namespace: pulumi.Input<string>;
  /** Every flow that is allowed, besides DNS. */
  flows: NetworkFlowArgs[];
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

const pods = (application: string) => ({
  matchLabels: { "app.kubernetes.io/name": application },
});

/**
 * Denies all traffic of a namespace and allows the named flows. It takes effect only where the cluster's network
 * plugin enforces NetworkPolicies (GKE Dataplane V2, Calico, Cilium); elsewhere it is recorded and ignored.
 */
export class NetworkFlows extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkFlowsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse(
      `NetworkFlows "${name}"`,
      args.flows.some(({ from, to }) => from === undefined && to === undefined),
      "every flow must have from, to or both; a flow from anybody to anything would allow all traffic",
    );
    super("mlops:index:NetworkFlows", name, args, opts);
    const metadata = metadataFor("network", name, args);
    const policy = (role: string, spec: k8s.types.input.networking.v1.NetworkPolicySpec) =>
      new k8s.networking.v1.NetworkPolicy(
        `${name}-${role}`,
        { metadata: metadata({ name: `${name}-${role}` }), spec },
        { parent: this },
      );

    policy("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    policy("dns", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [
        {
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
      ],
    });
    for (const { from, to, ports } of joinByEnds(args.flows)) {
      if (to !== undefined) {
        policy(`${from ?? "anybody"}-to-${to}`, {
          podSelector: pods(to),
          policyTypes: ["Ingress"],
          ingress: [
            { ...(from === undefined ? {} : { from: [{ podSelector: pods(from) }] }), ports },
          ],
        });
      }
      if (from !== undefined) {
        policy(`${from}-may-call-${to ?? "anything"}`, {
          podSelector: pods(from),
          policyTypes: ["Egress"],
          egress: [{ ...(to === undefined ? {} : { to: [{ podSelector: pods(to) }] }), ports }],
        });
      }
    }
    this.registerOutputs({});
  }
}

/** One entry for each pair of ends, so that two ports between them make one policy. */
function joinByEnds(flows: NetworkFlowArgs[]) {
  const byEnds = Map.groupBy(flows, ({ from, to }) => `${from ?? ""}>${to ?? ""}`);
  return [...byEnds.values()].map((same) => ({
    from: same[0]?.from,
    to: same[0]?.to,
    ports: same.map(({ port }) => ({ protocol: "TCP", port })),
  }));
}
