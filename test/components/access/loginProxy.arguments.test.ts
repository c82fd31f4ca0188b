import { LoginProxy, type LoginProxyArgs } from "../../../components/index.ts";
import { describeArguments, everywhere, podSettingRows } from "../../support/cases.ts";
import { markerCookieSecret } from "../../support/recorder.ts";

const make = (name: string, args: LoginProxyArgs) => new LoginProxy(name, args);
const login = {
  issuerUrl: "https://accounts.google.com",
  clientId: "client",
  clientSecret: "MARKER-client-secret",
  emailDomain: "example.com",
};
const { clientSecret: _, ...withoutSecret } = login;
const base: LoginProxyArgs = {
  namespace: "ml",
  login,
  domain: "ml.example.com",
  hostName: "mlflow.ml.example.com",
  upstreamUrls: { "/": "http://mlflow.ml.svc.cluster.local:5000" },
};

const flag = (index: number, from: string, to: string) =>
  `door-server spec.template.spec.containers[oauth2-proxy].args[${index}]: ${from} → ${to}`;
const config = (change: string) => `door-secrets stringData.secret.oauth2-proxy.yaml: ${change}`;
const instance = (name: string) =>
  ["account", "disruption-budget", "secrets", "server", "service"].flatMap((object) =>
    ["instance", "name"].map(
      (key) => `door-${object} metadata.labels.app.kubernetes.io/${key}: door → ${name}`,
    ),
  );
const inside = (service: string, namespace: string) =>
  `http://${service}.${namespace}.svc.cluster.local:4180`;

describeArguments(make, "door", base, {
  ...podSettingRows("door-server"),
  namespace: {
    value: "team",
    changes: [
      `door outputs.internalUrl: ${inside("door", "ml")} → ${inside("door", "team")}`,
      ...["account", "disruption-budget", "secrets", "server", "service"].map(
        (object) => `door-${object} metadata.namespace: ml → team`,
      ),
    ],
  },
  serviceName: {
    value: "mlflow-login",
    changes: [
      `door outputs.internalUrl: ${inside("door", "ml")} → ${inside("mlflow-login", "ml")}`,
      ...instance("mlflow-login"),
      ...["account", "disruption-budget", "server", "service"].map(
        (object) => `door-${object} metadata.name: door → mlflow-login`,
      ),
      ...["instance", "name"].flatMap((key) =>
        [
          "door-disruption-budget spec.selector.matchLabels",
          "door-server spec.selector.matchLabels",
          "door-server spec.template.metadata.labels",
          "door-server spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels",
          "door-service spec.selector",
        ].map((path) => `${path}.app.kubernetes.io/${key}: door → mlflow-login`),
      ),
      "door-server spec.template.spec.serviceAccountName: door → mlflow-login",
    ],
  },
  login: {
    value: { ...login, emailDomain: "example.org", clientSecret: "another" },
    changes: [
      "door-secrets stringData.secret.client-secret: MARKER-client-secret → another",
      flag(1, "--email-domain=example.com", "--email-domain=example.org"),
    ],
  },
  // alone it would not fit the host: see loginProxy.test.ts
  domain: { value: base.domain, changes: [] },
  hostName: {
    value: "predict.ml.example.com",
    changes: [
      "door outputs.externalUrl: https://mlflow.ml.example.com → https://predict.ml.example.com",
      "door outputs.redirectUri: https://mlflow.ml.example.com/oauth2/callback → https://predict.ml.example.com/oauth2/callback",
      flag(
        2,
        "--redirect-url=https://mlflow.ml.example.com/oauth2/callback",
        "--redirect-url=https://predict.ml.example.com/oauth2/callback",
      ),
    ],
  },
  upstreamUrls: {
    value: { "/churn/": "http://churn:8080" },
    changes: [
      config(
        '-"upstreamConfig":{"upstreams":[{"id":"/" -"path":"/" -"uri":"http://mlflow.ml.svc.cluster.local:5000" +"upstreamConfig":{"upstreams":[{"id":"/churn/" +"path":"^/churn/(.*)\\u0024" +"rewriteTarget":"/\\u00241" +"uri":"http://churn:8080"',
      ),
    ],
  },
  forwardCredentials: {
    value: true,
    changes: [
      config(
        '-"injectRequestHeaders":[{"name":"Cookie"} -{"name":"Authorization"}]} +"injectRequestHeaders":[]}',
      ),
    ],
  },
  secretName: {
    value: "mine",
    with: { login: withoutSecret, secretName: "another" },
    changes: [
      "door-server spec.template.spec.volumes[secrets].projected.sources[1].secret.name: another → mine",
    ],
  },
  cookieSecret: {
    value: "c".repeat(43),
    changes: [
      "- door-cookie-secret",
      "door-secrets options.dependsOn: door-cookie-secret → ∅",
      `door-secrets stringData.secret.cookie-secret: ${markerCookieSecret("door-cookie-secret")} → ${"c".repeat(43)}`,
    ],
  },
  programPaths: { value: ["/a.b/"], changes: [flag(16, "∅", "--api-route=^/a\\.b/")] },
  acceptIdTokens: { value: true, changes: [flag(16, "∅", "--skip-jwt-bearer-tokens=true")] },
  sessionHours: { value: 1, changes: [flag(10, "--cookie-expire=12h", "--cookie-expire=1h")] },
  timeoutSeconds: {
    value: 60,
    changes: [config('-"timeout":"3600s"}]} +"timeout":"60s"}]}')],
  },
  replicas: { value: 1, changes: ["- door-disruption-budget", "door-server spec.replicas: 2 → 1"] },
  paused: { value: true, changes: ["door-server spec.replicas: 2 → 0"] },
  image: {
    value: "registry/oauth2-proxy:1",
    changes: [
      "door-server spec.template.spec.containers[oauth2-proxy].image: quay.io/oauth2-proxy/oauth2-proxy:v7.15.3@sha256:10a1165743a192e1940b4708fb9647027185ce11a681a1c5519b442ff7f1f561 → registry/oauth2-proxy:1",
    ],
  },
  resources: {
    value: { memoryLimit: "1Gi" },
    changes: [
      "door-server spec.template.spec.containers[oauth2-proxy].resources.limits.memory: 128Mi → 1Gi",
    ],
  },
  labels: { value: { team: "blue" }, changes: everywhere("labels.team: ∅ → blue") },
  annotations: { value: { note: "hello" }, changes: everywhere("annotations.note: ∅ → hello") },
});
