import { deployTo } from "../../cli/deployTo.ts";
import type { Engine } from "../../cli/engine.ts";
import { readSettings, type Settings } from "../../cli/stackSettings.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";

/* What both kinds of `up` do around the engine, whether the cluster is there or the program makes it on Google Cloud. */

const server = (version: string, availableReplicas: number) => ({
  metadata: { name: `mlflow-${version.replaceAll(".", "-")}` },
  spec: {
    template: {
      spec: {
        containers: [
          {
            image: `mlflow:${version}`,
            resources: {
              requests: { cpu: "250m", memory: "1Gi" },
              limits: { cpu: "2", memory: "2Gi" },
            },
          },
        ],
      },
    },
  },
  status: { availableReplicas, succeeded: 1 },
});

test.each(["current", "gke"])(
  "with `cluster: %s` an MLflow that cannot start makes room for the one before",
  async (cluster) => {
    let servers = [server("3.17.2", 1)];
    const migration = { ...server("3.18.0", 0), metadata: { labels: {} } };
    const request = (_: string, path: string) => {
      if (/\/jobs\/\w/.test(path)) {
        return { status: { conditions: [{ type: "Complete", status: "True" }] } };
      }
      return {
        items: /\/deployments\?/.test(path) ? servers : /\/jobs\?/.test(path) ? [migration] : [],
      };
    };
    const client = {
      get: async () => undefined,
      delete: async () => {},
      logs: async () => "",
      request: async (method: string, path: string) => request(method, path),
    } as unknown as KubernetesClient;
    const deployed: unknown[] = [];
    const open = ({ config }: Settings) =>
      ({
        name: "builtin",
        up: async () => {
          deployed.push([config.cluster, config.trackingMlflowVersion, config.trackingImage]);
          servers = [server("3.18.0", 0)];
          return deployed.length === 1 ? 1 : 0;
        },
      }) as unknown as Engine;
    const settings = readSettings({
      config: [
        `cluster=${cluster}`,
        "gcpProject=mlops-dev-1234",
        "gcpRegion=europe-west1",
        "trackingMlflowVersion=3.18.0",
      ],
    });
    jest.spyOn(console, "error").mockImplementation(() => {});
    const around = { declared: [], upgradePostgres: false };
    expect(await deployTo(client, settings, open, around)).toBe(1);
    expect(deployed).toEqual([
      [cluster, "3.18.0", settings.config.trackingImage],
      [cluster, "3.17.2", "mlflow:3.17.2"],
    ]);
  },
);

test("the Pulumi CLI reads from the cluster what was changed by hand, and nothing else", async () => {
  const object = (name: string, replicas: number) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace: "mlops",
      managedFields: [{ manager: "kubectl", fieldsV1: { "f:spec": { "f:replicas": {} } } }],
    },
    spec: { replicas },
  });
  const live = [object("page", 5), object("server", 2)];
  const resources = live.map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
    urn: `urn:${name}`,
    type: "kubernetes:apps/v1:Deployment",
    id: `${namespace}/${name}`,
    inputs: { apiVersion, kind, metadata: { name, namespace }, spec: { replicas: 2 } },
  }));
  const component = { urn: "urn:component", type: "mlops:index:MlopsPlatform" };
  const client = {
    get: async ({ metadata }: any) => live.find((one) => one.metadata.name === metadata.name),
    request: async () => ({ items: [] }),
  } as unknown as KubernetesClient;
  const up = jest.fn(async () => 0);
  const open = () =>
    ({
      name: "pulumi",
      exportState: async () =>
        JSON.stringify({ deployment: { resources: [component, ...resources] } }),
      up,
    }) as unknown as Engine;
  const around = { declared: [], upgradePostgres: false };
  expect(await deployTo(client, readSettings({}), open, around)).toBe(0);
  expect(up).toHaveBeenCalledWith(client, { takeOver: false, refresh: ["urn:page"] });
});
