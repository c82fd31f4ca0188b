import { PlatformGateway, type PlatformGatewayArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";
import { at } from "../../support/podSecurity.ts";

const make = (name: string, args: PlatformGatewayArgs) => new PlatformGateway(name, args);
const mlflow = {
  hostName: "mlflow.ml.example.com",
  serviceName: "mlflow",
  port: 5000,
  healthPath: "/health",
};
const page = {
  hostName: "predict.ml.example.com",
  serviceName: "page",
  port: 8501,
  healthPath: "/_stcore/health",
  sessionAffinity: true,
};
const base: PlatformGatewayArgs = {
  namespace: "ml",
  addressName: "address",
  certificateMapName: "map",
  backends: [mlflow, page],
};
const gatewayGroup = "gateway.networking.k8s.io";

test("makes a Gateway, and a route and two policies for each Service", async () => {
  const { resources, find } = await record(() => make("gate", { ...base, sslPolicyName: "tls" }));
  expect(tree(resources)).toEqual([
    "kubernetes:gateway.networking.k8s.io/v1:Gateway gate-gateway < gate",
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute gate-mlflow-route < gate",
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute gate-page-route < gate",
    "kubernetes:networking.gke.io/v1:GCPBackendPolicy gate-mlflow-policy < gate",
    "kubernetes:networking.gke.io/v1:GCPBackendPolicy gate-page-policy < gate",
    "kubernetes:networking.gke.io/v1:GCPGatewayPolicy gate-tls < gate",
    "kubernetes:networking.gke.io/v1:HealthCheckPolicy gate-mlflow-health < gate",
    "kubernetes:networking.gke.io/v1:HealthCheckPolicy gate-page-health < gate",
    "mlops:index:PlatformGateway gate",
  ]);
  expect(find("gate").outputs).toEqual({
    urls: ["https://mlflow.ml.example.com", "https://predict.ml.example.com"],
  });
  expect(find("gate-tls").inputs["spec"]).toEqual({
    default: { sslPolicy: "tls" },
    targetRef: { group: gatewayGroup, kind: "Gateway", name: "gate" },
  });
});

// SECURITY.md: Nothing is open to the internet unless a `domain` is set, and then over HTTPS only:
// MLflow and Grafana with their logins, the prediction page, and the model server only behind an
// OpenID Connect login, which can stand in front of all of them.
test("listens only for HTTPS, on the named address, with the certificates of the map", async () => {
  const { find } = await record(() => make("gate", base));
  const { metadata, spec } = find("gate-gateway").inputs;
  expect(at(metadata, "annotations")).toMatchObject({ "networking.gke.io/certmap": "map" });
  expect(spec).toEqual({
    gatewayClassName: "gke-l7-global-external-managed",
    addresses: [{ type: "NamedAddress", value: "address" }],
    listeners: [
      {
        name: "https",
        protocol: "HTTPS",
        port: 443,
        allowedRoutes: { namespaces: { from: "Same" } },
      },
    ],
  });
});

test("routes one host to one Service, and makes browsers use HTTPS only", async () => {
  const { find } = await record(() => make("gate", base));
  expect(find("gate-mlflow-route").inputs["spec"]).toEqual({
    parentRefs: [{ group: gatewayGroup, kind: "Gateway", name: "gate", sectionName: "https" }],
    hostnames: ["mlflow.ml.example.com"],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        filters: [
          {
            type: "ResponseHeaderModifier",
            responseHeaderModifier: {
              set: [{ name: "Strict-Transport-Security", value: "max-age=31536000" }],
            },
          },
        ],
        backendRefs: [{ group: "", kind: "Service", name: "mlflow", port: 5000, weight: 1 }],
      },
    ],
  });
});

test("gives uploads and websockets an hour, and probes each app at its own path", async () => {
  const { find } = await record(() => make("gate", base));
  const common = {
    timeoutSec: 3600,
    connectionDraining: { drainingTimeoutSec: 60 },
    logging: { enabled: true, sampleRate: 1_000_000 },
  };
  const service = (name: string) => ({ group: "", kind: "Service", name });
  expect(find("gate-mlflow-policy").inputs["spec"]).toEqual({
    default: common,
    targetRef: service("mlflow"),
  });
  expect(find("gate-page-policy").inputs["spec"]).toEqual({
    default: { ...common, sessionAffinity: { type: "GENERATED_COOKIE", cookieTtlSec: 0 } },
    targetRef: service("page"),
  });
  expect(find("gate-page-health").inputs["spec"]).toEqual({
    default: {
      checkIntervalSec: 10,
      timeoutSec: 5,
      healthyThreshold: 1,
      unhealthyThreshold: 3,
      config: {
        type: "HTTP",
        httpHealthCheck: {
          portSpecification: "USE_FIXED_PORT",
          port: 8501,
          requestPath: "/_stcore/health",
        },
      },
    },
    targetRef: service("page"),
  });
});

const parts = ["gateway", ...["mlflow", "page"].flatMap((name) => partsOf(name))];
function partsOf(service: string): string[] {
  return ["route", "policy", "health"].map((part) => `${service}-${part}`);
}
const reference = [
  ["group", gatewayGroup],
  ["kind", "Gateway"],
  ["name", "gate", "front"],
  ["sectionName", "https"],
];
const everywhere = (line: string) => parts.map((part) => `gate-${part} metadata.${line}`);

describeArguments(make, "gate", base, {
  namespace: { value: "team", changes: everywhere("namespace: ml → team") },
  gatewayName: {
    value: "front",
    changes: [
      ...everywhere("labels.app.kubernetes.io/instance: gate → front"),
      "gate-gateway metadata.name: gate → front",
      ...["mlflow", "page"].flatMap((name) => [
        ...partsOf(name).map((part) => `gate-${part} metadata.name: gate-${name} → front-${name}`),
        ...reference.flatMap(([key, value, other = value]) => [
          `gate-${name}-route spec.parentRefs[gate].${key}: ${value} → ∅`,
          `gate-${name}-route spec.parentRefs[front].${key}: ∅ → ${other}`,
        ]),
      ]),
    ],
  },
  addressName: {
    value: "other",
    changes: ["gate-gateway spec.addresses[0].value: address → other"],
  },
  certificateMapName: {
    value: "other",
    changes: ["gate-gateway metadata.annotations.networking.gke.io/certmap: map → other"],
  },
  sslPolicyName: { value: "tls", changes: ["+ gate-tls"] },
  backends: {
    value: [mlflow],
    changes: [
      ...partsOf("page").map((part) => `- gate-${part}`),
      "gate outputs.urls[1]: https://predict.ml.example.com → ∅",
    ],
  },
  labels: { value: { team: "blue" }, changes: everywhere("labels.team: ∅ → blue") },
  annotations: { value: { note: "hello" }, changes: everywhere("annotations.note: ∅ → hello") },
});

const refused = (changed: object, sentence: string): [Partial<PlatformGatewayArgs>, string] => [
  { backends: [{ ...mlflow, ...changed }] },
  `PlatformGateway "gate": ${sentence}`,
];

describeRefusals(make, "gate", base, [
  [
    { gatewayName: "My gateway" },
    'PlatformGateway "gate": gatewayName must be a DNS label such as mlops: lower-case letters, digits and dashes, a letter first',
  ],
  [
    { backends: [] },
    'PlatformGateway "gate": backends must not be empty; name what is to be reached, or leave the gateway out',
  ],
  [
    { backends: [mlflow, { ...page, hostName: mlflow.hostName }] },
    'PlatformGateway "gate": backends must differ in their hostName; name each once',
  ],
  [
    { backends: [mlflow, { ...page, serviceName: "mlflow" }] },
    'PlatformGateway "gate": backends must differ in their serviceName; name each once',
  ],
  refused(
    { hostName: "*.ml.example.com" },
    "backends[0].hostName must be a domain such as mlops.example.com: lower-case letters, digits, dashes and dots, at most 64 characters, without scheme, port, path or wildcard",
  ),
  refused(
    { serviceName: "a/b" },
    "backends[0].serviceName must be a DNS label such as mlflow: lower-case letters, digits and dashes, a letter first",
  ),
  refused({ port: 0 }, "backends[0].port must be a whole number from 1 to 65535"),
  refused({ healthPath: "health" }, "backends[0].healthPath must be a path such as /health"),
  refused(
    { timeoutSeconds: 0 },
    "backends[0].timeoutSeconds must be a whole number from 1 to 86400",
  ),
]);

describePreview(make, "gate", base, (unknown) => ({
  namespace: unknown,
  addressName: unknown,
  certificateMapName: unknown,
  labels: { team: unknown },
}));
