import { container, describeRule, unknownText, workload } from "./judged.ts";

const variable = (name: string, value?: unknown) => workload(container({ env: [{ name, value }] }));
const release = (values: object) => ({
  type: "kubernetes:helm.sh/v3:Release",
  props: { chart: "./charts/x", values },
});
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
      'Deployment "web": ADMIN_PASSWORD of container main is a secret in plaintext; keep it in a Secret',
    ],
  ],
  "in a URL": [variable("STORE", "postgresql://mlflow:hunter2@db/mlflow"), ["a password in a URL"]],
  "a URL whose password is a variable": [
    variable("STORE", "postgresql://mlflow:$(PW)@db/mlflow"),
    [],
  ],
  "in an argument": [
    workload(container({ args: ["--backend-store-uri", "postgresql://a:b@c/d"] })),
    ["--backend-store-uri of container main is a password in a URL"],
  ],
  "a key in a ConfigMap": [
    configMap({
      "key.json": '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----"}',
    }),
    ["data.key.json holds a private key", "data.key.json holds a Google service-account key"],
  ],
  "a password in a ConfigMap": [configMap({ DB_PASSWORD: "hunter2" }), ["data.DB_PASSWORD holds"]],
  "among other words of a script": [
    workload(container({ command: ["sh", "-c", "exec web --db 'host=db password=hunter2'"] })),
    ["the command line of container main holds a password in a connection string"],
  ],
  "behind a flag": [
    workload(container({ args: ["--admin-password", "hunter2"] })),
    ["--admin-password of container main is a secret in plaintext"],
  ],
  "a flag that names a file": [
    workload(container({ args: ["--client-secret-file=/etc/x", "--cookie-secret=/etc/y"] })),
    [],
  ],
  "in a container that is added later": [
    workload({ ephemeralContainers: [{ name: "debug", env: [{ name: "TOKEN", value: "t" }] }] }),
    ["TOKEN of container debug"],
  ],
  "a token under a harmless name": [
    variable("ENDPOINT", "https://hooks.slack.com/services/T0/B0/x"),
    ["a token"],
  ],
  "in the values of a chart": [
    release({
      adminPassword: "hunter2",
      admin: { existingSecret: "grafana", passwordKey: "admin-password" },
      database: { dsn: "postgres://a:b@c/d" },
      env: [{ name: "API_KEY", value: "k" }],
      remoteWrite: [{ basic_auth: { password: "p", password_file: "/etc/p" } }],
      enableSecret: true,
      token: "",
    }),
    [
      "values.adminPassword is a secret in plaintext",
      "values.database.dsn is a password in a URL",
      "values.env.API_KEY is a secret in plaintext",
      "values.remoteWrite.basic_auth.password is a secret in plaintext",
    ],
  ],
  "a value of a chart that is known only later": [release({ adminPassword: unknownText }), []],
  "a harmless ConfigMap": [configMap({ "init.sh": "psql -c 'create database auth'" }), []],
  "a ConfigMap that is known only later": [configMap({ DB_PASSWORD: unknownText }), []],
});

describeRule("wildcard-hosts", {
  "hosts by name": [variable("MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow,mlflow:5000,localhost:*"), []],
  "known only later": [variable("MLFLOW_SERVER_ALLOWED_HOSTS", unknownText), []],
  "any host": [
    variable("MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow, *"),
    ["MLFLOW_SERVER_ALLOWED_HOSTS of container main has a wildcard"],
  ],
  "any host of a domain": [variable("MLFLOW_SERVER_ALLOWED_HOSTS", "*.example.org"), ["wildcard"]],
  "any origin": [variable("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "https://*"), ["wildcard"]],
  "in an argument": [
    workload(container({ args: ["server", "--allowed-hosts", "*"] })),
    ["--allowed-hosts of container main has a wildcard"],
  ],
  "in one word": [
    workload(container({ command: ["mlflow", "--cors-allowed-origins=*"] })),
    ["--cors-allowed-origins of container main"],
  ],
  "in the middle of a list": [
    variable("MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow,10.*,localhost"),
    ["wildcard"],
  ],
  ...Object.fromEntries(
    ["10.*", "192.168.*", "172.16.*", "*.*", "*:5000", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8"]
      .concat("10.", "172.16.", "10.0.0.1-10.0.0.9", "^10\\..+$", "10.0.0.?")
      .map((pattern) => [
        `the addresses ${pattern}`,
        [variable("ALLOWED_HOSTS", `mlflow,${pattern},localhost:*`), ["wildcard"]],
      ]),
  ),
  "single addresses": [variable("ALLOWED_HOSTS", "10.0.0.1,10.0.0.2:5000,[fd00::1]:5000"), []],
  "an address that the pod learns": [variable("ALLOWED_HOSTS", "mlflow,$(POD_IP):5000"), []],
  "patterns by name": [variable("ALLOWED_HOST_PATTERNS", "mlflow,10.*"), ["wildcard"]],
  "a list as JSON": [variable("ALLOWED_HOSTS", '["web", "*"]'), ["wildcard"]],
  "every host below a domain, as Django writes it": [
    variable("DJANGO_ALLOWED_HOSTS", "web .example.org"),
    ["wildcard"],
  ],
  "any scheme": [variable("CORS_ALLOW_ORIGINS", "*://web"), ["wildcard"]],
  "a port that is a wildcard": [variable("TRUSTED_ORIGINS", "https://web:*"), []],
  "in a script": [
    workload(container({ command: ["sh", "-c", "exec mlflow server --allowed-hosts '*'"] })),
    ["--allowed-hosts of container main"],
  ],
  "in the values of a chart": [
    release({ server: { allowedHosts: ["web", "*.example.org"] } }),
    ["values.server.allowedHosts has a wildcard"],
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
  "an ingress for any host": [
    {
      type: "kubernetes:networking.k8s.io/v1:Ingress",
      props: { spec: { rules: [{ host: "*.example.org" }] } },
    },
    ["answers for *.example.org"],
  ],
  "a route by name": [
    {
      type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
      props: { spec: { hostnames: ["mlflow.example.org", unknownText] } },
    },
    [],
  ],
});
