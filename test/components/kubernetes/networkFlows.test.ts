import * as pulumi from "@pulumi/pulumi";
import { NetworkFlows, type NetworkFlowsArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { at } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: NetworkFlowsArgs) => new NetworkFlows(name, args);
const base: NetworkFlowsArgs = {
  namespace: "ml",
  flows: [{ from: "model-server", to: "mlflow", port: 5000 }],
};

// SECURITY.md: Traffic is denied by default and allowed flow by flow, where the cluster's network
// plugin enforces NetworkPolicies.
test("denies everything, allows DNS, and opens each flow on both sides", async () => {
  const { resources, find } = await record(() => make("net", base));
  expect(tree(resources)).toEqual([
    "kubernetes:networking.k8s.io/v1:NetworkPolicy net-deny < net",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy net-dns < net",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy net-model-server-may-call-mlflow < net",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy net-model-server-to-mlflow < net",
    "mlops:index:NetworkFlows net",
  ]);
  const ports = [{ protocol: "TCP", port: 5000 }];
  const server = { matchLabels: { "app.kubernetes.io/name": "model-server" } };
  const mlflow = { matchLabels: { "app.kubernetes.io/name": "mlflow" } };
  expect(find("net-deny").inputs["spec"]).toEqual({
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
  });
  expect(find("net-model-server-to-mlflow").inputs["spec"]).toEqual({
    podSelector: mlflow,
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: server }], ports }],
  });
  expect(find("net-model-server-may-call-mlflow").inputs["spec"]).toEqual({
    podSelector: server,
    policyTypes: ["Egress"],
    egress: [{ to: [{ podSelector: mlflow }], ports }],
  });
});

test("a flow without a source allows every client in, and no traffic out", async () => {
  const flows = [{ to: "mlflow", port: 5000 }];
  const { resources, find } = await record(() => make("net", { ...base, flows }));
  expect(resources.map(({ name }) => name).sort()).toEqual([
    "net",
    "net-anybody-to-mlflow",
    "net-deny",
    "net-dns",
  ]);
  expect(find("net-anybody-to-mlflow").inputs["spec"]).toEqual({
    podSelector: { matchLabels: { "app.kubernetes.io/name": "mlflow" } },
    policyTypes: ["Ingress"],
    ingress: [{ ports: [{ protocol: "TCP", port: 5000 }] }],
  });
});

test("a flow to one Service opens only its pods, not others of the same application", async () => {
  const flows = [{ to: "model-server", toService: "model-server-churn", port: 8080 }];
  const { find } = await record(() => make("net", { ...base, flows }));
  expect(at(find("net-anybody-to-model-server-churn").inputs["spec"], "podSelector")).toEqual({
    matchLabels: {
      "app.kubernetes.io/name": "model-server",
      "app.kubernetes.io/instance": "model-server-churn",
    },
  });
});

test("a flow between pods without a port opens all their TCP ports", async () => {
  const flows = [{ from: "training", to: "training", toService: "nightly" }];
  const { find } = await record(() => make("net", { ...base, flows }));
  const ports = [{ protocol: "TCP" }];
  expect(at(find("net-training-to-nightly").inputs["spec"], "ingress")).toMatchObject([{ ports }]);
  expect(at(find("net-training-may-call-nightly").inputs["spec"], "egress")).toMatchObject([
    { ports },
  ]);
});

test("a flow without a target allows traffic out, and no client in", async () => {
  const flows = [
    { from: "mlflow", port: 6543 },
    { from: "mlflow", port: 443 },
  ];
  const { resources, find } = await record(() => make("net", { ...base, flows }));
  expect(resources.map(({ name }) => name).sort()).toEqual([
    "net",
    "net-deny",
    "net-dns",
    "net-mlflow-may-call-anything",
  ]);
  expect(find("net-mlflow-may-call-anything").inputs["spec"]).toEqual({
    podSelector: { matchLabels: { "app.kubernetes.io/name": "mlflow" } },
    policyTypes: ["Egress"],
    egress: [
      {
        ports: [
          { protocol: "TCP", port: 6543 },
          { protocol: "TCP", port: 443 },
        ],
      },
    ],
  });
});

test("address ranges are an end outside the cluster, in a separate policy", async () => {
  const flows = [
    { fromAddresses: ["35.191.0.0/16", "130.211.0.0/22"], to: "mlflow", port: 5000 },
    { from: "mlflow", toAddresses: ["169.254.169.254/32"], port: 80 },
    { from: "mlflow", port: 443 },
  ];
  const { resources, find } = await record(() => make("net", { ...base, flows }));
  expect(resources.map(({ name }) => name).sort()).toEqual([
    "net",
    "net-35.191.0.0-16-130.211.0.0-22-to-mlflow",
    "net-deny",
    "net-dns",
    "net-mlflow-may-call-169.254.169.254-32",
    "net-mlflow-may-call-anything",
  ]);
  expect(find("net-35.191.0.0-16-130.211.0.0-22-to-mlflow").inputs["spec"]).toMatchObject({
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ ipBlock: { cidr: "35.191.0.0/16" } }, { ipBlock: { cidr: "130.211.0.0/22" } }],
        ports: [{ protocol: "TCP", port: 5000 }],
      },
    ],
  });
  expect(find("net-mlflow-may-call-169.254.169.254-32").inputs["spec"]).toMatchObject({
    policyTypes: ["Egress"],
    egress: [
      {
        to: [{ ipBlock: { cidr: "169.254.169.254/32" } }],
        ports: [{ protocol: "TCP", port: 80 }],
      },
    ],
  });
});

// SECURITY.md: DNS is allowed to the cluster's DNS only, Google's APIs to MLflow only where it uses
// them, and the API server to monitoring only: by its address on GKE, the local cluster and where
// `apiServerAddresses` is set, elsewhere by its port.
test("pods may query the cluster's DNS and no other name server", async () => {
  const { find } = await record(() => make("net", base));
  expect(find("net-dns").inputs["spec"]).toEqual({
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
            podSelector: {
              matchExpressions: [
                { key: "k8s-app", operator: "In", values: ["kube-dns", "node-local-dns"] },
              ],
            },
          },
          { ipBlock: { cidr: "169.254.20.10/32" } },
          { ipBlock: { cidr: "169.254.169.254/32" } },
        ],
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
    ],
  });
});

test("a policy with addresses that are known later gets a separate name", async () => {
  const toAddresses = [pulumi.output("10.0.0.2").apply((address) => `${address}/32`)];
  const flows = [{ from: "prometheus", toAddresses, toName: "api-server", port: 443 }];
  const { find } = await record(() => make("net", { ...base, flows }));
  expect(find("net-prometheus-may-call-api-server").inputs["spec"]).toMatchObject({
    egress: [
      { to: [{ ipBlock: { cidr: "10.0.0.2/32" } }], ports: [{ protocol: "TCP", port: 443 }] },
    ],
  });
});

const ranges = "must be a range such as 10.0.0.0/8; to mean every address, leave the argument out";
describeRefusals(make, "net", base, [
  [
    { flows: [{ fromAddresses: ["10.0.0.0/8"], port: 443 }] },
    'NetworkFlows "net": flows[0] must have from, to or both; a flow without either would allow all traffic',
  ],
  [
    { flows: [{ from: "a", fromAddresses: ["10.0.0.0/8"], to: "b", port: 443 }] },
    'NetworkFlows "net": flows[0].from and flows[0].fromAddresses exclude each other; leave one of them out',
  ],
  [
    { flows: [{ from: "a", to: "b", toAddresses: ["10.0.0.0/8"], port: 443 }] },
    'NetworkFlows "net": flows[0].to and flows[0].toAddresses exclude each other; leave one of them out',
  ],
  [
    { flows: [{ fromService: "a", to: "b", port: 443 }] },
    'NetworkFlows "net": flows[0].fromService has no effect without flows[0].from; add it',
  ],
  [
    { flows: [{ from: "a", toService: "b", port: 443 }] },
    'NetworkFlows "net": flows[0].toService has no effect without flows[0].to; add it',
  ],
  [
    { flows: [{ from: "a", toAddresses: [], port: 443 }] },
    'NetworkFlows "net": flows[0].toAddresses must name a range; leave it out for every address',
  ],
  [
    { flows: [{ from: "a", toAddresses: ["0.0.0.0/0"], port: 443 }] },
    `NetworkFlows "net": flows[0].toAddresses[0] ${ranges}`,
  ],
  [
    { flows: [{ fromAddresses: ["10.0.0.1/8"], to: "b", port: 443 }] },
    `NetworkFlows "net": flows[0].fromAddresses[0] ${ranges}`,
  ],
  [
    { flows: [{ from: "a", toAddresses: [pulumi.output("10.0.0.0/8")], port: 443 }] },
    'NetworkFlows "net": flows[0].toName must be given where one of toAddresses is an output; add a name such as api-server',
  ],
  [{ dnsAddresses: ["10.96.0.10"] }, `NetworkFlows "net": dnsAddresses[0] ${ranges}`],
  [
    { flows: [{ from: "training" }] },
    `NetworkFlows "net": flows[0].port is required without from and to: only between pods of the namespace may every port be open; add it`,
  ],
  [
    { flows: [{ port: 443 }] },
    'NetworkFlows "net": flows[0] must have from, to or both; a flow without either would allow all traffic',
  ],
]);

describeArguments(make, "net", base, {
  namespace: {
    value: "team",
    changes: [
      "net-deny metadata.namespace: ml → team",
      "net-dns metadata.namespace: ml → team",
      "net-model-server-may-call-mlflow metadata.namespace: ml → team",
      "net-model-server-to-mlflow metadata.namespace: ml → team",
    ],
  },
  flows: {
    value: [{ from: "model-server", to: "mlflow", port: 5001 }],
    changes: [
      "net-model-server-may-call-mlflow spec.egress[0].ports[0].port: 5000 → 5001",
      "net-model-server-to-mlflow spec.ingress[0].ports[0].port: 5000 → 5001",
    ],
  },
  dnsAddresses: {
    value: ["10.96.0.10/32"],
    changes: [
      "net-dns spec.egress[0].to[1].ipBlock.cidr: 169.254.20.10/32 → 10.96.0.10/32",
      "net-dns spec.egress[0].to[2].ipBlock.cidr: 169.254.169.254/32 → ∅",
    ],
  },
  labels: {
    value: { team: "blue" },
    changes: [
      "net-deny metadata.labels.team: ∅ → blue",
      "net-dns metadata.labels.team: ∅ → blue",
      "net-model-server-may-call-mlflow metadata.labels.team: ∅ → blue",
      "net-model-server-to-mlflow metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "net-deny metadata.annotations.note: ∅ → hello",
      "net-dns metadata.annotations.note: ∅ → hello",
      "net-model-server-may-call-mlflow metadata.annotations.note: ∅ → hello",
      "net-model-server-to-mlflow metadata.annotations.note: ∅ → hello",
    ],
  },
});

describePreview(make, "net", base, (unknown) => ({ namespace: unknown }));
