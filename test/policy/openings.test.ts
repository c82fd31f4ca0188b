import { container, describeRule, unknownText, workload } from "./judged.ts";

const variable = (name: string, value?: unknown) => workload(container({ env: [{ name, value }] }));
const configMap = (data: object) => ({ type: "kubernetes:core/v1:ConfigMap", props: { data } });

describeRule("plaintext-secret", {
  "from a Secret": [
    workload(container({ env: [{ name: "PASSWORD", valueFrom: { secretKeyRef: { key: "p" } } }] })),
    [],
  ],
  "a path of a secret": [variable("MLFLOW_AUTH_CONFIG_PATH", "/etc/auth.ini"), []],
  "the path of a key file": [
    variable("GOOGLE_APPLICATION_CREDENTIALS", "/etc/google/credentials.json"),
    [],
  ],
  "known only later": [variable("ADMIN_PASSWORD", unknownText), []],
  "an empty one": [variable("ADMIN_PASSWORD", ""), []],
  "in a variable": [
    variable("ADMIN_PASSWORD", "hunter2"),
    [
      'Deployment "web": ADMIN_PASSWORD of container main is a secret in clear; keep it in a Secret',
    ],
  ],
  "in a URL": [variable("STORE", "postgresql://mlflow:hunter2@db/mlflow"), ["a password in a URL"]],
  "a URL whose password is a variable": [
    variable("STORE", "postgresql://mlflow:$(PW)@db/mlflow"),
    [],
  ],
  "in an argument": [
    workload(container({ args: ["--backend-store-uri", "postgresql://a:b@c/d"] })),
    ["args of container main hold a password in a URL"],
  ],
  "a key in a ConfigMap": [
    configMap({
      "key.json": '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----"}',
    }),
    ["data.key.json holds a private key", "data.key.json holds a Google service-account key"],
  ],
  "a password in a ConfigMap": [configMap({ DB_PASSWORD: "hunter2" }), ["data.DB_PASSWORD holds"]],
  "a harmless ConfigMap": [configMap({ "init.sh": "psql -c 'create database auth'" }), []],
  "a ConfigMap that is known only later": [configMap({ DB_PASSWORD: unknownText }), []],
});

describeRule("wildcard-hosts", {
  "hosts by name": [variable("MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow,mlflow:5000,localhost:*"), []],
  "known only later": [variable("MLFLOW_SERVER_ALLOWED_HOSTS", unknownText), []],
  "any host": [
    variable("MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow, *"),
    ["MLFLOW_SERVER_ALLOWED_HOSTS of container main is a wildcard"],
  ],
  "any host of a domain": [variable("MLFLOW_SERVER_ALLOWED_HOSTS", "*.example.org"), ["wildcard"]],
  "any origin": [variable("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "https://*"), ["wildcard"]],
  "in an argument": [
    workload(container({ args: ["server", "--allowed-hosts", "*"] })),
    ["--allowed-hosts of container main is a wildcard"],
  ],
  "in one word": [
    workload(container({ command: ["mlflow", "--cors-allowed-origins=*"] })),
    ["--cors-allowed-origins of container main"],
  ],
  "another variable": [variable("GLOB", "*"), []],
  "a gateway for any host": [
    {
      type: "kubernetes:gateway.networking.k8s.io/v1:Gateway",
      props: {
        spec: { listeners: [{ hostname: "*.mlops.example.org" }, { hostname: "a.example.org" }] },
      },
    },
    ["answers for *.mlops.example.org; name the hosts"],
  ],
  "a route by name": [
    {
      type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
      props: { spec: { hostnames: ["mlflow.example.org", unknownText] } },
    },
    [],
  ],
});

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
  everybody: [
    { type: "gcp:compute/firewall:Firewall", props: { sourceRanges: ["10.0.0.0/8", everywhere] } },
    [
      'Firewall "it": sourceRanges lets in 0.0.0.0/0, which is everybody; name the ranges that need it',
    ],
  ],
  "everybody at the API server": [
    {
      type: "gcp:container/cluster:Cluster",
      props: { masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "::/0" }] } },
    },
    ["masterAuthorizedNetworksConfig.cidrBlocks.cidrBlock lets in ::/0"],
  ],
  "everybody at the database": [
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
