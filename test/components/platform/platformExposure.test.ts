import {
  exposedHostNames,
  type MlopsPlatform,
  type MlopsPlatformArgs,
  type PlatformExposure,
  slugOf,
} from "../../../components/index.ts";
import { tree } from "../../support/cases.ts";
import { makePlatform, platformArgs } from "../../support/fixtures.ts";
import { loginConfigOf } from "../../support/loginConfig.ts";
import { at, containersOf, podFaults, podTemplates } from "../../support/podSecurity.ts";
import {
  markerCookieSecret,
  record,
  type Recorded,
  type Recording,
} from "../../support/recorder.ts";
import { isSecret, readable, textsInTheOpen } from "../../support/wire.ts";

const exposure: PlatformExposure = {
  domain: "ml.example.com",
  addressName: "address",
  certificateMapName: "map",
  sslPolicyName: "tls",
};
const login = {
  issuerUrl: "https://login.example.com:8443/realms/team",
  clientId: "client",
  clientSecret: "MARKER-client-secret",
  emailDomain: "example.com",
};
const open: MlopsPlatformArgs = { ...platformArgs, exposure };
const guarded: MlopsPlatformArgs = { ...platformArgs, exposure: { ...exposure, login } };
const recordings = new Map<MlopsPlatformArgs, Promise<Recording<MlopsPlatform>>>();

/** What a platform is made of. A whole one takes a while to record, so that of the same arguments is recorded once. */
function recorded(args: MlopsPlatformArgs): Promise<Recording<MlopsPlatform>> {
  const recording = recordings.get(args) ?? record(() => makePlatform("ml", args));
  recordings.set(args, recording);
  return recording;
}

/** `host → Service:port path` of every route, with the path by which that Service is asked for its health. */
function routes(resources: readonly Recorded[]): string[] {
  const spec = (name: string) =>
    resources.find((resource) => resource.name === name)?.inputs["spec"];
  return resources
    .filter(({ type }) => type.endsWith(":HTTPRoute"))
    .map(({ name, inputs }) => {
      const [host] = at(inputs["spec"], "hostnames") as string[];
      const [rule] = at(inputs["spec"], "rules") as {
        backendRefs: { name: string; port: number }[];
      }[];
      const [{ name: service, port }] = rule!.backendRefs as [{ name: string; port: number }];
      const health = at(
        spec(name.replace(/-route$/, "-health")),
        ...["default", "config", "httpHealthCheck", "requestPath"],
      );
      return `${host} → ${service}:${port} ${String(health)}`;
    });
}

/** `who → whom ports` of the policies that have to do with Google's load balancer or a login. */
function flows(resources: readonly Recorded[]): string[] {
  const policies = resources.filter(({ type }) => type.endsWith(":NetworkPolicy"));
  return policies
    .map(({ name }) => name.replace("ml-network-", ""))
    .filter((name) => /130\.211|login/.test(name))
    .sort();
}

const envOf = (resources: readonly Recorded[], name: string) => {
  const pod = podTemplates(resources).find(({ workload }) => workload === "ml-tracking-server")!;
  const env = containersOf(pod.spec)[0]!["env"] as { name: string; value: string }[];
  return env.find((variable) => variable.name === name)!.value.split(",");
};

// SECURITY.md: Nothing is open to the internet unless a `domain` is set, and then over HTTPS only:
// MLflow and Grafana with their logins, the prediction page, and the model server only behind an
// OpenID Connect login, which can stand in front of all of them.
test("without a domain nothing is exposed, and no object mentions one", async () => {
  const { resources } = await recorded(platformArgs);
  expect(tree(resources).filter((line) => /Gateway|networking\.gke|login/.test(line))).toEqual([]);
  const services = resources.filter(({ type }) => type.endsWith(":Service"));
  expect(services.map(({ inputs }) => at(inputs["spec"], "type") ?? "ClusterIP")).toEqual(
    services.map(() => "ClusterIP"),
  );
});

describe("on a domain without a login", () => {
  // SECURITY.md: Nothing is open to the internet unless a `domain` is set, and then over HTTPS
  // only: MLflow and Grafana with their logins, the prediction page, and the model server only
  // behind an OpenID Connect login, which can stand in front of all of them.
  test("exposes the parts with a password, and the page, but never the model server", async () => {
    const { resources } = await recorded(open);
    expect(routes(resources)).toEqual([
      "mlflow.ml.example.com → mlflow:5000 /health",
      "predict.ml.example.com → prediction-app:8501 /_stcore/health",
      "grafana.ml.example.com → grafana:3000 /api/health",
    ]);
    expect(resources.filter(({ type }) => type.endsWith("LoginProxy"))).toEqual([]);
    expect(exposedHostNames(exposure.domain)).toEqual([
      "mlflow.ml.example.com",
      "predict.ml.example.com",
      "grafana.ml.example.com",
    ]);
  });

  test("opens exactly those pods to Google's load balancer, and to no other client outside", async () => {
    const { resources, find } = await recorded(open);
    expect(flows(resources)).toEqual([
      "130.211.0.0-22-35.191.0.0-16-to-grafana",
      "130.211.0.0-22-35.191.0.0-16-to-mlflow",
      "130.211.0.0-22-35.191.0.0-16-to-prediction-app",
    ]);
    expect(find("ml-network-130.211.0.0-22-35.191.0.0-16-to-mlflow").inputs["spec"]).toEqual({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "mlflow" } },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ ipBlock: { cidr: "130.211.0.0/22" } }, { ipBlock: { cidr: "35.191.0.0/16" } }],
          ports: [{ protocol: "TCP", port: 5000 }],
        },
      ],
    });
  });

  test("a part with a public URL is called by it everywhere", async () => {
    const { resources, find } = await recorded(open);
    expect(find("ml").outputs).toMatchObject({
      mlflowTrackingUri: "https://mlflow.ml.example.com",
      predictionAppUrl: "https://predict.ml.example.com",
      grafanaUrl: "https://grafana.ml.example.com",
      modelServingUrl: "http://model-server-diabetes.mlops.svc.cluster.local:8080",
    });
    const notebook = readable(find("ml").outputs!["notebookEnv"]!);
    expect(at(notebook, "secret", "MLFLOW_TRACKING_URI")).toBe("https://mlflow.ml.example.com");
    const hosts = envOf(resources, "MLFLOW_SERVER_ALLOWED_HOSTS");
    expect(hosts).toContain("mlflow.ml.example.com");
    expect(hosts.filter((host) => host.startsWith("*"))).toEqual([]);
    const origins = envOf(resources, "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS");
    expect(origins).toContain("https://mlflow.ml.example.com");
    const grafana = at(find("ml-grafana-release").inputs, "values", "grafana.ini");
    expect(at(grafana, "server", "root_url")).toBe("https://grafana.ml.example.com");
    expect(at(grafana, "security", "cookie_secure")).toBe(true);
  });

  test("a browser stays on the same pod of the page", async () => {
    const { find } = await recorded(open);
    const affinity = (service: string) =>
      at(find(`ml-gateway-${service}-policy`).inputs, "spec", "default", "sessionAffinity");
    expect(affinity("prediction-app")).toEqual({ type: "GENERATED_COOKIE", cookieTtlSec: 0 });
    expect(affinity("mlflow")).toBeUndefined();
  });

  test.each([{ enabled: false }, { grafana: { enabled: false } }])(
    "has no host for an absent Grafana: %j",
    async (monitoring) => {
      const { resources } = await recorded({ ...open, monitoring });
      expect(routes(resources).map((route) => route.split(".")[0])).toEqual(["mlflow", "predict"]);
    },
  );
});

describe("on a domain with a login", () => {
  // SECURITY.md: Nothing is open to the internet unless a `domain` is set, and then over HTTPS
  // only: MLflow and Grafana with their logins, the prediction page, and the model server only
  // behind an OpenID Connect login, which can stand in front of all of them.
  test("exposes everything, only through the logins", async () => {
    const { resources } = await recorded(guarded);
    expect(routes(resources)).toEqual([
      "mlflow.ml.example.com → mlflow-login:4180 /ping",
      "predict.ml.example.com → predict-login:4180 /ping",
      "grafana.ml.example.com → grafana-login:4180 /ping",
      "models.ml.example.com → models-login:4180 /ping",
    ]);
    expect(exposedHostNames(exposure.domain, login)).toContain("models.ml.example.com");
    expect(flows(resources)).toEqual(
      [
        ["grafana", "grafana"],
        ["mlflow", "mlflow"],
        ["models", "model-server"],
        ["predict", "prediction-app"],
      ]
        .flatMap(([label, name]) => [
          `130.211.0.0-22-35.191.0.0-16-to-${label}-login`,
          `${label}-login-may-call-${name}`,
          `${label}-login-may-call-anything`,
          `${label}-login-to-${name}`,
        ])
        .sort(),
    );
  });

  test("a login proxy may call its own part, and the provider on its port", async () => {
    const { find } = await recorded(guarded);
    const egress = (role: string) => at(find(`ml-network-${role}`).inputs, "spec", "egress");
    expect(egress("mlflow-login-may-call-mlflow")).toEqual([
      {
        to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "mlflow" } } }],
        ports: [{ protocol: "TCP", port: 5000 }],
      },
    ]);
    expect(egress("mlflow-login-may-call-anything")).toEqual([
      { ports: [{ protocol: "TCP", port: 8443 }] },
    ]);
  });

  test("the logins share one cookie, and differ in the part behind them", async () => {
    const { resources, find } = await recorded(guarded);
    const pods = podTemplates(resources)
      .filter(({ workload }) => workload.endsWith("-login-server"))
      .sort((one, other) => one.workload.localeCompare(other.workload));
    expect(pods.flatMap(({ spec }) => podFaults(spec))).toEqual([]);
    const flag = (name: string) =>
      pods.map(({ spec }) =>
        (containersOf(spec)[0]!["args"] as string[]).filter((text) =>
          text.startsWith(`--${name}=`),
        ),
      );
    const labels = ["grafana", "mlflow", "models", "predict"];
    const configs = labels.map((label) => loginConfigOf(find(`ml-${label}-login-secrets`)));
    expect(configs.map(({ upstreamConfig }) => upstreamConfig.upstreams[0]!.uri)).toEqual(
      ["grafana:3000", "mlflow:5000", "model-server-diabetes:8080", "prediction-app:8501"].map(
        (part) => `http://${part.replace(":", ".mlops.svc.cluster.local:")}`,
      ),
    );
    expect(flag("api-route").flat()).toEqual([
      "--api-route=^/api/",
      "--api-route=^/api/",
      "--api-route=^/ajax-api/",
      "--api-route=^/diabetes/invocations",
    ]);
    expect(flag("skip-jwt-bearer-tokens").map(({ length }) => length)).toEqual([0, 0, 1, 0]);
    const secrets = labels.map((label) =>
      at(
        readable(find(`ml-${label}-login-secrets`).inputs),
        "stringData",
        "secret",
        "cookie-secret",
      ),
    );
    expect(new Set(secrets)).toEqual(new Set([markerCookieSecret("ml-login-cookie-secret")]));
  });

  test("the client's secret is always a secret", async () => {
    const { resources, find } = await recorded(guarded);
    for (const { inputs, outputs = {} } of resources) {
      const texts = [...textsInTheOpen(inputs), ...textsInTheOpen(outputs)];
      expect(texts.filter((text) => text.includes("MARKER-client-secret"))).toEqual([]);
    }
    expect(isSecret(at(find("ml").inputs, "exposure", "login"))).toBe(true);
  });

  test("a paused platform has no pods of logins either, and the same objects", async () => {
    const [before, after] = [await recorded(guarded), await recorded({ ...guarded, paused: true })];
    const names = ({ resources }: typeof before) =>
      tree(resources).filter((line) => /login|ml-gateway/.test(line));
    expect(names(after)).toEqual(names(before));
    expect(at(after.find("ml-mlflow-login-server").inputs, "spec", "replicas")).toBe(0);
  });

  test("each model has its own path, behind the one login", async () => {
    const fraud = { name: "Fraud 2", image: "registry/fraud:1" };
    const { find } = await recorded({ ...guarded, models: [...guarded.models, fraud] });
    const { upstreams } = loginConfigOf(find("ml-models-login-secrets")).upstreamConfig;
    const slug = slugOf("Fraud 2");
    expect(upstreams).toEqual(
      ["diabetes", slug].map((model) => ({
        id: `/${model}/`,
        path: `^/${model}/(.*)$`,
        rewriteTarget: "/$1",
        uri: `http://model-server-${model}.mlops.svc.cluster.local:8080`,
        timeout: "3600s",
      })),
    );
    expect(at(find("ml").outputs, "models", "Fraud 2")).toEqual({
      alias: "champion",
      servingUrl: `https://models.ml.example.com/${slug}`,
      pageUrl: "https://predict.ml.example.com/?model=Fraud%202",
    });
  });

  test("the model server's address is the public one", async () => {
    const { find } = await recorded(guarded);
    expect(find("ml").outputs!["modelServingUrl"]).toBe("https://models.ml.example.com/diabetes");
  });
});
