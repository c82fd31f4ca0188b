import { PredictionApp, type PredictionAppArgs } from "../../../components/index.ts";
import {
  describeArguments,
  describePreview,
  describeRefusals,
  tree,
  podSettingRows,
} from "../../support/cases.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: PredictionAppArgs) => new PredictionApp(name, args);
const base: PredictionAppArgs = {
  namespace: "ml",
  image: "registry/predict:1",
  models: [{ name: "churn", serverUrl: "http://model-server-churn:8080" }],
};

test("makes a Service, a list, a Deployment and a budget for its two pods", async () => {
  const { resources } = await record(() => make("page", base));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:Deployment page-server < page",
    "kubernetes:core/v1:ConfigMap page-services < page",
    "kubernetes:core/v1:Service page-service < page",
    "kubernetes:core/v1:ServiceAccount page-account < page",
    "kubernetes:policy/v1:PodDisruptionBudget page-disruption-budget < page",
    "mlops:index:PredictionApp page",
  ]);
});

test("its pods read the list from a file, by a name that does not change with it", async () => {
  const services = [{ name: "MLflow", url: "http://localhost:30001", owner: "platform" }];
  const { find } = await record(() => make("page", { ...base, services }));
  const { data } = find("page-services").inputs;
  expect(JSON.parse(String(at(data, "services.json")))).toEqual({ models: base.models, services });
  expect(at(find("page-services").inputs, "metadata", "name")).toBe("page-services");
  const spec = at(find("page-server").inputs, "spec", "template", "spec");
  const [container] = list(at(spec, "containers"));
  expect(container!["env"]).toContainEqual({
    name: "SERVICES_FILE",
    value: "/etc/prediction-app/services.json",
  });
  expect(container!["volumeMounts"]).toContainEqual({
    name: "config",
    mountPath: "/etc/prediction-app",
    readOnly: true,
  });
  expect(at(spec, "volumes")).toContainEqual({
    name: "config",
    configMap: { name: "page-services" },
  });
});

test("keeps a session on one pod, which is probed at Streamlit's health path", async () => {
  const { find } = await record(() => make("page", base));
  expect(at(find("page-service").inputs, "spec", "sessionAffinity")).toBe("ClientIP");
  const spec = at(find("page-server").inputs, "spec", "template", "spec") as {
    containers: Record<string, unknown>[];
  };
  const get = { httpGet: { path: "/_stcore/health", port: "http" }, timeoutSeconds: 5 };
  expect(spec.containers[0]).toMatchObject({
    startupProbe: { ...get, periodSeconds: 1, failureThreshold: 180 },
    readinessProbe: { ...get, periodSeconds: 2, failureThreshold: 3 },
    livenessProbe: { ...get, timeoutSeconds: 20, periodSeconds: 10, failureThreshold: 6 },
  });
});

test("Prometheus finds its metrics on a port that is not on the Service", async () => {
  const { find } = await record(() => make("page", base));
  const [container] = list(
    at(find("page-server").inputs, "spec", "template", "spec", "containers"),
  );
  expect(container!["ports"]).toEqual([
    { name: "http", containerPort: 8501 },
    { name: "metrics", containerPort: 9464 },
  ]);
  expect(container!["env"]).toContainEqual({ name: "METRICS_PORT", value: "9464" });
  const service = list(at(find("page-service").inputs, "spec", "ports"));
  expect(service.map(({ targetPort }) => targetPort)).toEqual(["http"]);
});

describeArguments(make, "page", base, {
  ...podSettingRows("page-server"),
  namespace: {
    value: "team",
    changes: [
      "page-services metadata.namespace: ml → team",
      "page-account metadata.namespace: ml → team",

      "page outputs.externalUrl: http://page.ml.svc.cluster.local:8501 → http://page.team.svc.cluster.local:8501",
      "page outputs.internalUrl: http://page.ml.svc.cluster.local:8501 → http://page.team.svc.cluster.local:8501",
      "page-disruption-budget metadata.namespace: ml → team",
      "page-server metadata.namespace: ml → team",
      "page-service metadata.namespace: ml → team",
    ],
  },
  serviceName: {
    value: "prediction",
    changes: [
      "page-server spec.template.spec.volumes[config].configMap.name: page-services → prediction-services",
      "page-services metadata.labels.app.kubernetes.io/instance: page → prediction",
      "page-services metadata.name: page-services → prediction-services",
      "page-account metadata.labels.app.kubernetes.io/instance: page → prediction",
      "page-account metadata.name: page → prediction",
      "page-server spec.template.spec.serviceAccountName: page → prediction",

      "page outputs.externalUrl: http://page.ml.svc.cluster.local:8501 → http://prediction.ml.svc.cluster.local:8501",
      "page outputs.internalUrl: http://page.ml.svc.cluster.local:8501 → http://prediction.ml.svc.cluster.local:8501",
      "page-disruption-budget metadata.labels.app.kubernetes.io/instance: page → prediction",
      "page-disruption-budget metadata.name: page → prediction",
      "page-disruption-budget spec.selector.matchLabels.app.kubernetes.io/instance: page → prediction",
      "page-server metadata.labels.app.kubernetes.io/instance: page → prediction",
      "page-server metadata.name: page → prediction",
      "page-server spec.selector.matchLabels.app.kubernetes.io/instance: page → prediction",
      "page-server spec.template.metadata.labels.app.kubernetes.io/instance: page → prediction",
      "page-server spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels.app.kubernetes.io/instance: page → prediction",
      "page-service metadata.labels.app.kubernetes.io/instance: page → prediction",
      "page-service metadata.name: page → prediction",
      "page-service spec.selector.app.kubernetes.io/instance: page → prediction",
    ],
  },
  image: {
    value: "registry/predict:2",
    changes: [
      "page-server spec.template.spec.containers[streamlit].image: registry/predict:1 → registry/predict:2",
    ],
  },
  models: {
    value: [{ name: "größe 2", serverUrl: "http://other:8080", owner: "dana" }],
    changes: [
      'page-services data.services.json: -      "name": "churn" -      "serverUrl": "http://model-server-churn:8080" +      "name": "größe 2" +      "serverUrl": "http://other:8080" +      "owner": "dana"',
    ],
  },
  services: {
    value: [{ name: "MLflow", url: "http://localhost:30001", healthUrl: "http://mlflow:5000" }],
    changes: [
      'page-services data.services.json: +  "services": [ +      "name": "MLflow" +      "url": "http://localhost:30001" +      "healthUrl": "http://mlflow:5000"',
    ],
  },
  replicas: { value: 1, changes: ["- page-disruption-budget", "page-server spec.replicas: 2 → 1"] },
  nodePort: {
    value: 31344,
    changes: [
      "page outputs.externalUrl: http://page.ml.svc.cluster.local:8501 → http://localhost:31344",
      "page-service spec.ports[http].nodePort: ∅ → 31344",
      "page-service spec.type: ClusterIP → NodePort",
    ],
  },
  nodeAddress: {
    value: "192.168.49.2",
    with: { nodePort: 31344 },
    changes: ["page outputs.externalUrl: http://localhost:31344 → http://192.168.49.2:31344"],
  },
  behindLogin: {
    value: true,
    changes: [
      "page-server spec.template.spec.containers[streamlit].env[STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION].name: ∅ → STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION",
      "page-server spec.template.spec.containers[streamlit].env[STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION].value: ∅ → false",
    ],
  },
  resources: {
    value: { memoryLimit: "1Gi" },
    changes: [
      "page-server spec.template.spec.containers[streamlit].resources.limits.memory: 512Mi → 1Gi",
    ],
  },
  paused: { value: true, changes: ["page-server spec.replicas: 2 → 0"] },
  labels: {
    value: { team: "blue" },
    changes: [
      "page-services metadata.labels.team: ∅ → blue",
      "page-account metadata.labels.team: ∅ → blue",
      "page-disruption-budget metadata.labels.team: ∅ → blue",
      "page-server metadata.labels.team: ∅ → blue",
      "page-server spec.template.metadata.labels.team: ∅ → blue",
      "page-service metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "page-services metadata.annotations.note: ∅ → hello",
      "page-account metadata.annotations.note: ∅ → hello",
      "page-disruption-budget metadata.annotations.note: ∅ → hello",
      "page-server metadata.annotations.note: ∅ → hello",
      "page-server spec.template.metadata.annotations.note: ∅ → hello",
      "page-service metadata.annotations.note: ∅ → hello",
    ],
  },
});

describeRefusals(make, "page", base, [
  [{ replicas: 0 }, 'PredictionApp "page": replicas must be a whole number from 1 to 100'],
  [{ replicas: 1.5 }, 'PredictionApp "page": replicas must be a whole number from 1 to 100'],
  [{ models: [] }, 'PredictionApp "page": models must not be empty; name one'],
  [
    { services: [{ name: "MLflow" }] as unknown as PredictionAppArgs["services"] },
    'PredictionApp "page": services[0].url must be given',
  ],
  [{ nodePort: 8501 }, 'PredictionApp "page": nodePort must be between 30000 and 32767'],
]);

describePreview(make, "page", base, (unknown) => ({
  namespace: unknown,
  image: unknown,
  models: [{ name: "churn", serverUrl: unknown, url: unknown, owner: unknown }],
  services: [{ name: "MLflow", url: unknown, healthUrl: unknown, version: unknown }],
  nodeAddress: unknown,
  labels: { team: unknown },
}));
