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
