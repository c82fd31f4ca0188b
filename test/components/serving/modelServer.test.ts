import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { makeServing as make, servingArgs as base } from "../../support/fixtures.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";

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

test("with autoscaling only the autoscaler sets the number of pods", async () => {
  const autoscaling = {
    minReplicas: 2,
    maxReplicas: 5,
    targetCpuPercent: 60,
    targetRequestsInFlight: 4,
    scaleDownSeconds: 60,
  };
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
      {
        type: "Pods",
        pods: {
          metric: { name: "model_requests_in_flight" },
          target: { type: "AverageValue", averageValue: "4" },
        },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
  });
});

async function container() {
  const { find } = await record(() => make("serving", base));
  return list(at(find("serving-server").inputs, "spec", "template", "spec", "containers"))[0]!;
}

test("answers Prometheus on its own port", async () => {
  const { ports, env } = await container();
  expect(ports).toContainEqual({ name: "metrics", containerPort: 9464 });
  expect(env).toContainEqual({ name: "METRICS_PORT", value: "9464" });
});

test("decides itself when it is ready, and stays alive without MLflow", async () => {
  expect(await container()).toMatchObject({
    startupProbe: { httpGet: { path: "/health", port: "http" } },
    readinessProbe: { httpGet: { path: "/ready", port: "http" } },
    livenessProbe: { httpGet: { path: "/health", port: "http" } },
  });
});

test("gives a busy pod time to answer before its container is restarted", async () => {
  expect(await container()).toMatchObject({
    livenessProbe: { timeoutSeconds: 20, periodSeconds: 10, failureThreshold: 6 },
  });
});

const subject = 'ModelServer "serving"';
describeRefusals(make, "serving", base, [
  [
    { trackingSecretName: "mine" },
    ["trackingUsername", "trackingPassword"]
      .map((key) => `${subject}: ${key} has no effect with an existing Secret; leave it out`)
      .join("\n"),
  ],
  [{ replicas: 0 }, `${subject}: replicas must be a whole number from 1 to 100`],
  [{ pollSeconds: 0 }, `${subject}: pollSeconds must be a whole number from 1 to 3600`],
  [
    { maxRequestBytes: 12 },
    `${subject}: maxRequestBytes must be a whole number from 1024 to 1073741824`,
  ],
  [
    { loadTimeoutSeconds: 9 },
    `${subject}: loadTimeoutSeconds must be a whole number from 10 to 86400`,
  ],
  [
    { predictionTimeoutSeconds: 0 },
    `${subject}: predictionTimeoutSeconds must be a whole number from 1 to 3600`,
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
    `${subject}: autoscaling.maxReplicas must not be below autoscaling.minReplicas, which is 5; raise it`,
  ],
  [
    { autoscaling: { maxReplicas: 3, targetCpuPercent: 1001 } },
    `${subject}: autoscaling.targetCpuPercent must be a whole number from 1 to 1000`,
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
  predictionTimeoutSeconds: unknown.apply(Number),
  allowPickle: unknown.apply(Boolean),
  loadTimeoutSeconds: unknown.apply(Number),
  driftWindowSeconds: unknown.apply(Number),
  nodeAddress: unknown,
}));
