import { describeRule, unknownText } from "./judged.ts";

const everywhere = "0.0.0.0/0";

describeRule("open-address-range", {
  "ranges by name": [
    { type: "gcp:compute/firewall:Firewall", props: { sourceRanges: ["10.0.0.0/8"] } },
    [],
  ],
  "known only later": [
    { type: "gcp:compute/firewall:Firewall", props: { sourceRanges: [unknownText] } },
    [],
  ],
  "every address": [
    { type: "gcp:compute/firewall:Firewall", props: { sourceRanges: ["10.0.0.0/8", everywhere] } },
    [
      'Firewall "it": sourceRanges lets in 10.0.0.0/8, 0.0.0.0/0, which is the whole internet; name the ranges that need it',
    ],
  ],
  ...Object.fromEntries(
    [
      ["two halves", ["0.0.0.0/1", "128.0.0.0/1"]],
      ["quarters", ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"]],
      ["one half", ["128.0.0.0/1"]],
      ["bits behind the prefix", ["203.0.113.7/0"]],
      ["from the first address to the last", ["0.0.0.0-255.255.255.255"]],
      ["all of IPv6 that is routed", ["2000::/3"]],
      ["IPv6 in halves", ["::/1", "8000::/1"]],
      ["IPv4 as IPv6", ["::ffff:0:0/96"]],
      ["IPv6 written out", ["0:0:0:0:0:0:0:0/0"]],
      ["many ranges that add up", Array.from({ length: 200 }, (_, i) => `${i + 1}.0.0.0/8`)],
    ].map(([title, sourceRanges]) => [
      title,
      [
        { type: "gcp:compute/firewall:Firewall", props: { sourceRanges } },
        ["sourceRanges lets in"],
      ],
    ]),
  ),
  ...Object.fromEntries(
    [
      ["private networks", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
      ["the same range many times", Array<string>(300).fill("198.51.100.0/24")],
      ["Google's load balancers", ["130.211.0.0/22", "35.191.0.0/16", "2600:1901:8001::/48"]],
      ["words that are no ranges", ["all", "10/8/1", "::/x", "256.0.0.0/0"]],
    ].map(([title, sourceRanges]) => [
      title,
      [{ type: "gcp:compute/firewall:Firewall", props: { sourceRanges } }, []],
    ]),
  ),
  "every address at the API server": [
    {
      type: "gcp:container/cluster:Cluster",
      props: { masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "::/0" }] } },
    },
    ["masterAuthorizedNetworksConfig.cidrBlocks.cidrBlock lets in ::/0"],
  ],
  "every address at the database": [
    {
      type: "gcp:sql/databaseInstance:DatabaseInstance",
      props: { settings: { ipConfiguration: { authorizedNetworks: [{ value: everywhere }] } } },
    },
    ["lets in 0.0.0.0/0"],
  ],
  "into a pod": [
    {
      type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
      props: { spec: { ingress: [{ from: [{ ipBlock: { cidr: everywhere } }] }] } },
    },
    ["spec.ingress.from.ipBlock.cidr lets in"],
  ],
  "out of a pod": [
    {
      type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
      props: { spec: { egress: [{ to: [{ ipBlock: { cidr: everywhere } }] }] } },
    },
    [],
  ],
  "a route outward": [{ type: "gcp:compute/route:Route", props: { destRange: everywhere } }, []],
});

const policy = (spec: object) => ({
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  props: { spec },
});
const ports = [{ protocol: "TCP", port: 5000 }];
const monitoring = { namespaceSelector: { matchLabels: { name: "monitoring" } } };

describeRule("open-network", {
  "nothing allowed": [policy({ podSelector: {}, policyTypes: ["Ingress", "Egress"] }), []],
  "who, and on which ports": [policy({ ingress: [{ from: [monitoring], ports }] }), []],
  "every peer on one port": [policy({ ingress: [{ ports }], egress: [{ ports }] }), []],
  "one application on any port": [
    policy({ egress: [{ to: [{ podSelector: { matchLabels: { app: "db" } } }] }] }),
    [],
  ],
  "one application in any namespace": [
    policy({
      egress: [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "dns" } } }] }],
    }),
    [],
  ],
  "pods of the same namespace": [policy({ ingress: [{ from: [{ podSelector: {} }] }] }), []],
  "known only later": [
    policy({ ingress: [{ from: unknownText }], egress: [{ to: [{ ipBlock: unknownText }] }] }),
    [],
  ],
  ...Object.fromEntries(
    Object.entries<object>({
      "an empty rule": {},
      "no peer at all": { from: [] },
      "an empty peer": { from: [{}] },
      "every namespace": { from: [{ namespaceSelector: {} }] },
      "every namespace and pod, in more words": {
        from: [{ namespaceSelector: { matchLabels: {} }, podSelector: { matchExpressions: [] } }],
      },
      "every address": { from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] },
      "every address in two halves": {
        from: [{ ipBlock: { cidr: "0.0.0.0/1" } }, { ipBlock: { cidr: "128.0.0.0/1" } }],
      },
      "one of two peers is every namespace": { from: [monitoring, { namespaceSelector: {} }] },
      "every port, by its number": { ports: [{ port: 1, endPort: 65535 }] },
      "every port of a protocol": { ports: [{ protocol: "TCP" }] },
    }).map(([title, rule]) => [
      title,
      [
        policy({ ingress: [rule] }),
        ["spec.ingress allows everything; name the from and the ports that are needed"],
      ],
    ]),
  ),
  "everything outward": [
    policy({ egress: [{ to: [{ ipBlock: { cidr: "::/0" } }] }] }),
    ["spec.egress allows everything; name the to"],
  ],
});

const service = (spec: object, stack = "gke") => ({
  type: "kubernetes:core/v1:Service",
  name: "web",
  props: { spec },
  stack,
});

describeRule("open-service", {
  "inside the cluster": [service({ type: "ClusterIP" }), []],
  "no type": [service({ ports: [{ port: 80 }] }), []],
  "known only later": [service({ type: unknownText }), []],
  "a port of the nodes": [
    service({ type: "NodePort", ports: [{ port: 80, nodePort: 31345 }] }),
    ['Service "web": opens a NodePort, past the gateway and its login, over plain HTTP'],
  ],
  "a load balancer": [service({ type: "LoadBalancer" }), ["opens a LoadBalancer"]],
  "addresses outside": [service({ externalIPs: ["203.0.113.7"] }), ["externalIPs 203.0.113.7"]],
  "where that is configured": [service({ type: "NodePort" }, "try"), [], { localStacks: ["try"] }],
  "the stack dev, like any other": [service({ type: "NodePort" }, "dev"), ["opens a NodePort"]],
  "in the values of a chart": [
    {
      type: "kubernetes:helm.sh/v3:Release",
      props: { values: { server: { service: { type: "LoadBalancer" } } } },
    },
    ["opens a LoadBalancer (values.server.service.type)"],
  ],
});
