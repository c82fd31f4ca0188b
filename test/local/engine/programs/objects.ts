import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Objects an API server alone can keep: nothing here needs a node. Every key changes one aspect. */
const config = new pulumi.Config();
const namespace = config.get("namespace") ?? "engine-test";

class Group extends pulumi.ComponentResource {
  constructor(name: string, args: pulumi.Inputs, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:Group", name, args, opts);
  }
}

const provider = new k8s.Provider("cluster", {});
const group = new Group("group", {}, { providers: [provider] });
const child = { parent: group };
const space = new k8s.core.v1.Namespace("space", { metadata: { name: namespace } }, child);
const inside = { namespace: space.metadata.name };
const generated = new random.RandomPassword("password", { length: 24, special: true });

const settings = new k8s.core.v1.Secret(
  "settings",
  {
    metadata: inside,
    stringData: { password: generated.result, note: config.get("note") ?? "first" },
  },
  child,
);
const service = new k8s.core.v1.Service(
  "web",
  {
    metadata: { ...inside, name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: config.getNumber("port") ?? 80 }] },
  },
  child,
);
const deployment = new k8s.apps.v1.Deployment(
  "web",
  {
    metadata: {
      ...inside,
      name: "web",
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      replicas: config.getNumber("replicas") ?? 1,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [
            {
              name: "web",
              image: "web:1",
              envFrom: [{ secretRef: { name: settings.metadata.name } }],
            },
          ],
        },
      },
    },
  },
  child,
);
if (config.getBoolean("extra") ?? true)
  new k8s.core.v1.ConfigMap("extra", { metadata: inside, data: { a: "b" } }, child);

export const clusterIp = service.spec.clusterIP;
export const secretName = settings.metadata.name;
export const workload = deployment.metadata.name;
export const password = generated.result;
