import { rememberServer, type ServerSettings } from "../../cli/serverRollBack.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";

/* What `up` does after a deployment that ended with an error: on Deployments and Jobs as the cluster lists them. */

const server = (version: string, availableReplicas = 0) => ({
  metadata: { name: `mlflow-${version.replaceAll(".", "-")}` },
  spec: {
    template: {
      spec: {
        nodeSelector: { disk: "fast" },
        containers: [
          {
            name: "mlflow",
            image: `mlflow:${version}`,
            resources: {
              requests: { cpu: "250m", memory: "1Gi", "ephemeral-storage": "2Gi" },
              limits: { cpu: "2", memory: "2Gi" },
            },
          },
        ],
      },
    },
  },
  status: { availableReplicas },
});

const migration = (version: string) => ({
  metadata: { labels: { "app.kubernetes.io/name": "mlflow" } },
  spec: {
    template: {
      metadata: { labels: { "controller-uid": "1" } },
      spec: {
        containers: [{ name: "migrate", image: `mlflow:${version}`, args: ["migrate"], env: [] }],
      },
    },
  },
  status: { succeeded: 1 },
});

class Cluster {
  servers: ReturnType<typeof server>[] = [server("3.17.2", 1)];
  jobs = [migration("3.17.2"), migration("3.18.0")];
  /** How the Job that rolls back ends. */
  end = "Complete";
  readonly done: string[] = [];
  readonly made: any[] = [];

  get = () => Promise.resolve(undefined);
  delete = () => Promise.resolve();
  logs = () => Promise.resolve("");
  request = (method: string, path: string, body?: any): Promise<any> => {
    if (method === "POST") {
      this.made.push(body);
      this.done.push(body.spec.template.spec.containers[0].args.join(" "));
    }
    if (method === "PATCH") this.done.push(`${path.split("/").at(-2)} to ${body.spec.replicas}`);
    if (path.includes("/jobs/")) {
      return Promise.resolve({ status: { conditions: [{ type: this.end, status: "True" }] } });
    }
    const isOf = (kind: string) => path.includes(`/${kind}?`);
    return Promise.resolve({
      items: isOf("deployments") ? this.servers : isOf("jobs") ? this.jobs : [],
    });
  };
}

/** What `up` does with a cluster in which a deployment has left these servers. */
async function afterwards(cluster: Cluster, servers: Cluster["servers"], code = 0) {
  const goBack = await rememberServer(cluster as unknown as KubernetesClient, "mlops");
  cluster.servers = servers;
  const deployed: ServerSettings[] = [];
  const error = jest.spyOn(console, "error").mockImplementation(() => {});
  await goBack((version) => {
    cluster.done.push("deploy");
    deployed.push(version);
    return Promise.resolve(code);
  });
  const said = error.mock.calls.join("\n");
  error.mockRestore();
  return { deployed, said };
}

test("a version that cannot start is stopped, its databases are rolled back, and the earlier one is deployed", async () => {
  const cluster = new Cluster();
  const { deployed, said } = await afterwards(cluster, [server("3.18.0")]);
  expect(cluster.done).toEqual(["mlflow-3-18-0 to 0", "roll-back --from 3.18.0", "deploy"]);
  // what it gets and where it runs may be what has changed
  expect(deployed).toEqual([
    {
      trackingImage: "mlflow:3.17.2",
      trackingMlflowVersion: "3.17.2",
      trackingNodeSelector: { disk: "fast" },
      trackingTolerations: [],
      trackingResources: {
        cpuRequest: "250m",
        cpuLimit: "2",
        memoryRequest: "1Gi",
        memoryLimit: "2Gi",
      },
    },
  ]);
  expect(said).toMatch(/3\.18\.0 could not start, so 3\.17\.2 serves again/);
  // as the migration's pod that has run, also where the server's fits on no node
  const { metadata, spec } = cluster.made[0].spec.template;
  expect(metadata.labels).toEqual({ "app.kubernetes.io/name": "mlflow" });
  expect(spec.containers[0]).toMatchObject({ name: "migrate", image: "mlflow:3.18.0" });
});

test.each<[string, Cluster["servers"]]>([
  ["the server that was there is there", [server("3.17.2", 1)]],
  ["its version stays and it does not start", [server("3.17.2")]],
  ["the new version serves, and something else has failed", [server("3.18.0", 1)]],
])("nothing is rolled back where %s", async (_, servers) => {
  const cluster = new Cluster();
  await afterwards(cluster, servers);
  expect(cluster.done).toEqual([]);
});

test("a cluster that is gone does not cause a second error", async () => {
  const cluster = new Cluster();
  const goBack = await rememberServer(cluster as unknown as KubernetesClient, "mlops");
  cluster.request = () => Promise.reject(new Error("connect ECONNREFUSED"));
  await goBack(() => Promise.reject(new Error("nothing is deployed")));
  expect(cluster.done).toEqual([]);
});

test("a first deployment has nothing to go back to", async () => {
  const cluster = new Cluster();
  cluster.servers = [];
  await afterwards(cluster, [server("3.18.0")]);
  expect(cluster.done).toEqual([]);
});

test("nothing is deployed on databases that were not rolled back, and the docs are named", async () => {
  const cluster = new Cluster();
  cluster.end = "Failed";
  const { deployed, said } = await afterwards(cluster, [server("3.18.0")]);
  expect(deployed).toEqual([]);
  expect(said).toMatch(/docs\/how-to\/upgrade\.md, "Go back"/);
});
