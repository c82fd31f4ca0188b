import { ModelServer, type ModelServerArgs } from "../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../support/cases.ts";
import { at, list } from "../support/podSecurity.ts";
import { record } from "../support/recorder.ts";

const make = (name: string, args: ModelServerArgs) => new ModelServer(name, args);
const base: ModelServerArgs = {
  namespace: "ml",
  image: "registry/serving:1",
  trackingUri: "http://mlflow:5000",
  trackingUsername: "model-server",
  trackingPassword: "a reader's password",
  modelName: "diabetes",
};

test("makes credentials, a Service and a Deployment; one pod needs no budget", async () => {
  const { resources } = await record(() => make("serving", base));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:Deployment serving-server < serving",
    "kubernetes:core/v1:Secret serving-tracking-credentials < serving",
    "kubernetes:core/v1:Service serving-service < serving",
    "kubernetes:core/v1:ServiceAccount serving-account < serving",
    "mlops:index:ModelServer serving",
  ]);
});

test("with autoscaling an autoscaler alone decides how many pods there are", async () => {
  const autoscaling = { minReplicas: 2, maxReplicas: 5, targetCpuPercent: 60 };
  const { resources, find } = await record(() => make("serving", { ...base, autoscaling }));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:Deployment serving-server < serving",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler serving-autoscaler < serving",
    "kubernetes:core/v1:Secret serving-tracking-credentials < serving",
    "kubernetes:core/v1:Service serving-service < serving",
    "kubernetes:core/v1:ServiceAccount serving-account < serving",
    "kubernetes:policy/v1:PodDisruptionBudget serving-disruption-budget < serving",
    "mlops:index:ModelServer serving",
  ]);
  expect(at(find("serving-server").inputs, "spec")).not.toHaveProperty("replicas");
  expect(at(find("serving-autoscaler").inputs, "spec")).toEqual({
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "serving" },
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } },
      },
    ],
  });
});

async function container() {
  const { find } = await record(() => make("serving", base));
  return list(at(find("serving-server").inputs, "spec", "template", "spec", "containers"))[0]!;
}

test("answers Prometheus on a port of its own", async () => {
  const { ports, env } = await container();
  expect(ports).toContainEqual({ name: "metrics", containerPort: 9464 });
  expect(env).toContainEqual({ name: "METRICS_PORT", value: "9464" });
});

test("is ready by its own judgement and alive whatever becomes of MLflow", async () => {
  expect(await container()).toMatchObject({
    startupProbe: { httpGet: { path: "/health", port: "http" } },
    readinessProbe: { httpGet: { path: "/ready", port: "http" } },
    livenessProbe: { httpGet: { path: "/health", port: "http" } },
  });
});

describeArguments(make, "serving", base, {
  namespace: {
    value: "team",
    changes: [
      "serving-account metadata.namespace: ml → team",

      "serving outputs.externalUrl: http://serving.ml.svc.cluster.local:8080 → http://serving.team.svc.cluster.local:8080",
      "serving outputs.internalUrl: http://serving.ml.svc.cluster.local:8080 → http://serving.team.svc.cluster.local:8080",
      "serving-server metadata.namespace: ml → team",
      "serving-service metadata.namespace: ml → team",
      "serving-tracking-credentials metadata.namespace: ml → team",
    ],
  },
  serviceName: {
    value: "models",
    changes: [
      "serving-account metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-account metadata.name: serving → models",
      "serving-server spec.template.spec.serviceAccountName: serving → models",

      "serving outputs.externalUrl: http://serving.ml.svc.cluster.local:8080 → http://models.ml.svc.cluster.local:8080",
      "serving outputs.internalUrl: http://serving.ml.svc.cluster.local:8080 → http://models.ml.svc.cluster.local:8080",
      "serving-server metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-server metadata.name: serving → models",
      "serving-server spec.selector.matchLabels.app.kubernetes.io/instance: serving → models",
      "serving-server spec.template.metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-server spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels.app.kubernetes.io/instance: serving → models",
      "serving-service metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-service metadata.name: serving → models",
      "serving-service spec.selector.app.kubernetes.io/instance: serving → models",
      "serving-tracking-credentials metadata.labels.app.kubernetes.io/instance: serving → models",
    ],
  },
  image: {
    value: "registry/serving:2",
    changes: [
      "serving-server spec.template.spec.containers[model-server].image: registry/serving:1 → registry/serving:2",
    ],
  },
  trackingUri: {
    value: "http://other:5000",
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MLFLOW_TRACKING_URI].value: http://mlflow:5000 → http://other:5000",
    ],
  },
  trackingUsername: {
    value: "somebody",
    changes: ["serving-tracking-credentials stringData.secret.username: model-server → somebody"],
  },
  trackingPassword: {
    value: "another password",
    changes: [
      "serving-tracking-credentials stringData.secret.password: a reader's password → another password",
    ],
  },
  modelName: {
    value: "wine",
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_NAME].value: diabetes → wine",
    ],
  },
  modelAlias: {
    value: "challenger",
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_ALIAS].value: champion → challenger",
    ],
  },
  pollSeconds: {
    value: 60,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_POLL_SECONDS].value: 5 → 60",
    ],
  },
  maxRequestBytes: {
    value: 2048,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MAX_REQUEST_BYTES].value: 10485760 → 2048",
    ],
  },
  allowPickle: {
    value: true,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_ALLOW_PICKLE].value: false → true",
    ],
  },
  driftWindowSeconds: {
    value: 86400,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[DRIFT_WINDOW_SECONDS].value: 3600 → 86400",
    ],
  },
  replicas: {
    value: 3,
    changes: ["+ serving-disruption-budget", "serving-server spec.replicas: 1 → 3"],
  },
  autoscaling: {
    value: { maxReplicas: 4 },
    changes: ["+ serving-autoscaler", "serving-server spec.replicas: 1 → ∅"],
  },
  nodePort: {
    value: 31345,
    changes: [
      "serving outputs.externalUrl: http://serving.ml.svc.cluster.local:8080 → http://localhost:31345",
      "serving-service spec.ports[http].nodePort: ∅ → 31345",
      "serving-service spec.type: ClusterIP → NodePort",
    ],
  },
  nodeAddress: {
    value: "192.168.49.2",
    with: { nodePort: 31345 },
    changes: ["serving outputs.externalUrl: http://localhost:31345 → http://192.168.49.2:31345"],
  },
  resources: {
    value: { cpuRequest: "1", cpuLimit: "4" },
    changes: [
      "serving-server spec.template.spec.containers[model-server].resources.limits.cpu: 2 → 4",
      "serving-server spec.template.spec.containers[model-server].resources.requests.cpu: 100m → 1",
    ],
  },
  paused: { value: true, changes: ["serving-server spec.replicas: 1 → 0"] },
  labels: {
    value: { team: "blue" },
    changes: [
      "serving-account metadata.labels.team: ∅ → blue",
      "serving-server metadata.labels.team: ∅ → blue",
      "serving-server spec.template.metadata.labels.team: ∅ → blue",
      "serving-service metadata.labels.team: ∅ → blue",
      "serving-tracking-credentials metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "serving-account metadata.annotations.note: ∅ → hello",
      "serving-server metadata.annotations.note: ∅ → hello",
      "serving-server spec.template.metadata.annotations.note: ∅ → hello",
      "serving-service metadata.annotations.note: ∅ → hello",
      "serving-tracking-credentials metadata.annotations.note: ∅ → hello",
    ],
  },
});

const subject = 'ModelServer "serving"';
describeRefusals(make, "serving", base, [
  [{ replicas: 0 }, `${subject}: replicas must be a whole number from 1 to 100`],
  [{ pollSeconds: 0 }, `${subject}: pollSeconds must be a whole number from 1 to 3600`],
  [
    { maxRequestBytes: 12 },
    `${subject}: maxRequestBytes must be a whole number from 1024 to 1073741824`,
  ],
  [
    { driftWindowSeconds: 59 },
    `${subject}: driftWindowSeconds must be a whole number from 60 to 604800`,
  ],
  [{ nodePort: 80 }, `${subject}: nodePort must be between 30000 and 32767`],
  [
    { replicas: 2, autoscaling: { maxReplicas: 3 } },
    `${subject}: replicas and autoscaling exclude each other; leave one of them out`,
  ],
  [
    { autoscaling: { minReplicas: 0, maxReplicas: 3 } },
    `${subject}: autoscaling.minReplicas must be a whole number from 1 to 100`,
  ],
  [
    { autoscaling: { minReplicas: 5, maxReplicas: 3 } },
    `${subject}: autoscaling.maxReplicas must be a whole number from 5 to 1000`,
  ],
  [
    { autoscaling: { maxReplicas: 3, targetCpuPercent: 101 } },
    `${subject}: autoscaling.targetCpuPercent must be a whole number from 1 to 100`,
  ],
]);

describePreview(make, "serving", base, (unknown) => ({
  namespace: unknown,
  image: unknown,
  trackingUri: unknown,
  trackingUsername: unknown,
  trackingPassword: unknown,
  modelName: unknown,
  modelAlias: unknown,
  pollSeconds: unknown.apply(Number),
  maxRequestBytes: unknown.apply(Number),
  allowPickle: unknown.apply(Boolean),
  driftWindowSeconds: unknown.apply(Number),
  nodeAddress: unknown,
}));
