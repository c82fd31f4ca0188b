import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { checkNetworkFlows, type NetworkFlow, type NetworkFlowsArgs } from "./arguments.ts";
import { metadataFor } from "./metadata.ts";

const pods = ({ application = "", service }: End) => ({
  matchLabels: {
    "app.kubernetes.io/name": application,
    ...(service === undefined ? {} : { "app.kubernetes.io/instance": service }),
  },
});

interface End {
  application?: string;
  service?: string;
  addresses?: pulumi.Input<string>[];
  name?: string;
}

/** The peer in a rule's `from` or `to`; empty for any peer. */
const peers = (end: End) =>
  end.application === undefined
    ? (end.addresses ?? []).map((cidr) => ({ ipBlock: { cidr } }))
    : [{ podSelector: pods(end) }];

/** The peer in a policy's name: `mlflow`, `10.0.0.0-8`, or the name for any peer. */
const nameOf = ({ application, service, addresses = [], name }: End, anyPeer: string) =>
  service ??
  application ??
  name ??
  (addresses.map((range) => String(range).replace("/", "-")).join("-") || anyPeer);

/** The cluster's DNS by the names that every distribution gives its pods. */
const dnsPods = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: {
    matchExpressions: [{ key: "k8s-app", operator: "In", values: ["kube-dns", "node-local-dns"] }],
  },
};
const dnsAddresses = ["169.254.20.10/32", "169.254.169.254/32"];

/**
 * Denies all traffic in a namespace except the listed flows. Requires a network plugin that enforces NetworkPolicies
 * (GKE Dataplane V2, Calico, Cilium); other clusters accept the policies and ignore them.
 */
export class NetworkFlows extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkFlowsArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`NetworkFlows "${name}"`, args, checkNetworkFlows);
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
          to: [dnsPods, ...peers({ addresses: args.dnsAddresses ?? dnsAddresses })],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
      ],
    });
    for (const { from, to, ports } of joinByEnds(args.flows)) {
      const [callers, called] = [peers(from), peers(to)];
      if (to.application !== undefined) {
        policy(`${nameOf(from, "anybody")}-to-${nameOf(to, "")}`, {
          podSelector: pods(to),
          policyTypes: ["Ingress"],
          ingress: [{ ...(callers.length === 0 ? {} : { from: callers }), ports }],
        });
      }
      if (from.application !== undefined) {
        policy(`${nameOf(from, "")}-may-call-${nameOf(to, "anything")}`, {
          podSelector: pods(from),
          policyTypes: ["Egress"],
          egress: [{ ...(called.length === 0 ? {} : { to: called }), ports }],
        });
      }
    }
    this.registerOutputs({});
  }
}

/** One entry for each pair of ends, so that two ports between them make one policy. */
function joinByEnds(flows: NetworkFlow[]) {
  const ends = flows.map(({ from, fromService, fromAddresses, ...flow }) => ({
    from: { application: from, service: fromService, addresses: fromAddresses },
    to: {
      application: flow.to,
      service: flow.toService,
      addresses: flow.toAddresses,
      name: flow.toName,
    },
    port: flow.port,
  }));
  const byEnds = Map.groupBy(ends, ({ from, to }) => `${nameOf(from, "")}>${nameOf(to, "")}`);
  return [...byEnds.values()].map((same) => ({
    from: same[0]!.from,
    to: same[0]!.to,
    ports: same.map(({ port }) => ({ protocol: "TCP", ...(port === undefined ? {} : { port }) })),
  }));
}
