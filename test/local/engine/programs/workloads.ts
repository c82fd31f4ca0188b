import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** A migration Job that must run while the Deployment that depends on it is away, as in the platform. */
const config = new pulumi.Config();
const image = config.get("image") ?? "app:1";
const seconds = { "pulumi.com/timeoutSeconds": config.get("timeout") ?? "60" };

const provider = new k8s.Provider("cluster", {});
const options = { provider };
const space = new k8s.core.v1.Namespace(
  "space",
  { metadata: { name: config.get("namespace") ?? "engine-test" } },
  options,
);
const metadata = (name: string) => ({
  name,
  namespace: space.metadata.name,
  annotations: seconds,
});
const pod = (name: string, command?: string[]) => ({
  metadata: { labels: { app: name } },
  spec: {
    restartPolicy: command ? "Never" : undefined,
    terminationGracePeriodSeconds: 1,
    containers: [{ name, image, command, imagePullPolicy: "IfNotPresent" }],
  },
});

const claim = new k8s.core.v1.PersistentVolumeClaim(
  "data",
  {
    metadata: metadata("data"),
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  },
  options,
);
const migrate = new k8s.batch.v1.Job(
  "migrate",
  {
    metadata: metadata("migrate"),
    spec: {
      backoffLimit: 0,
      // None at all is a Job that is done at once, on any cluster and with any image.
      completions: config.getNumber("completions") ?? 1,
      template: pod("migrate", ["sh", "-c", config.get("run") ?? "true"]),
    },
  },
  options,
);
const server = new k8s.apps.v1.Deployment(
  "server",
  {
    metadata: {
      ...metadata("server"),
      labels: { after: migrate.metadata.name },
    },
    spec: { selector: { matchLabels: { app: "server" } }, template: pod("server") },
  },
  options,
);
const independent = new k8s.core.v1.ConfigMap(
  "independent",
  { metadata: metadata("independent"), data: { a: "b" } },
  options,
);

export const names = [claim, migrate, server, independent].map(({ metadata }) => metadata.name);
