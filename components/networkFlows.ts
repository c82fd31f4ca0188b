import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { metadataFor } from "./internal/metadata.ts";

/** One allowed direction of traffic between the pods of two workloads. */
export interface NetworkFlowArgs {
  /** `app.kubernetes.io/name` of the pods that call. Left out, anybody may call, from outside the cluster too. */
  from?: string;
  /** `app.kubernetes.io/name` of the pods that answer. */
  to: string;
  /** Port of the answering pods (not of their Service). */
  port: number;
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

const applicationLabel = "app.kubernetes.io/name";

/**
 * Denies all traffic of a namespace and allows the named flows. It takes effect only where the cluster's network
 * plugin enforces NetworkPolicies (GKE Dataplane V2, Calico, Cilium); elsewhere it is recorded and ignored.
 */
export class NetworkFlows extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkFlowsArgs, opts?: pulumi.ComponentResourceOptions) {
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
    for (const flow of args.flows) {
      const ports = [{ protocol: "TCP", port: flow.port }];
      const answering = { matchLabels: { [applicationLabel]: flow.to } };
      if (flow.from === undefined) {
        policy(`anybody-to-${flow.to}`, {
          podSelector: answering,
          policyTypes: ["Ingress"],
          ingress: [{ ports }],
        });
        continue;
      }
      const calling = { matchLabels: { [applicationLabel]: flow.from } };
      policy(`${flow.from}-to-${flow.to}`, {
        podSelector: answering,
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: calling }], ports }],
      });
      policy(`${flow.from}-may-call-${flow.to}`, {
        podSelector: calling,
        policyTypes: ["Egress"],
        egress: [{ to: [{ podSelector: answering }], ports }],
      });
    }
    this.registerOutputs({});
  }
}
