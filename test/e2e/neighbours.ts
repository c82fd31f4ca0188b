import { addresses } from "../../local/cluster/clusterLayout.ts";
import { queryAt } from "../../tools/dashboards/prometheusApi.ts";
import { forwarded } from "./support/forwarded.ts";
import { api, commandLine, namespace } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

const second = commandLine("e2e-second", "--local-cluster", "--engine", "builtin");
const secondNamespace = "mlops-second";
const inOwnNamespace = ["--config", `namespace=${secondNamespace}`];
const otherPorts = Object.entries({
  trackingNodePort: 30101,
  predictionNodePort: 31444,
  models: JSON.stringify({ "diabetes-progression": { nodePort: 31445, train: false } }),
}).flatMap(([key, value]) => ["--config", `${key}=${value}`]);

/** A second stack of the platform in the same cluster. */
export function describeNeighbours(): void {
  const changed = () => api().call("GET", `/api/v1/namespaces/${secondNamespace}`);

  // SECURITY.md: node-exporter listens at the node's address inside the cluster, not at every address of
  // its machine.
  test("node-exporter listens at the node's address in the cluster only", async () => {
    const metrics = async (host: string) => (await fetch(`http://${host}:9100/metrics`)).status;
    expect(await metrics(addresses.node)).toBe(200);
    await expect(metrics("127.0.0.1")).rejects.toThrow("fetch failed");
  });

  test("a second stack gets the owners of its node ports before anything is changed", async () => {
    const { code, stderr } = await second.up(...inOwnNamespace);
    expect(stderr).toContain(
      `trackingNodePort: port 30001 of the nodes belongs to the Service ${namespace}/mlflow; set trackingNodePort to a free port such as 30002, or to 0`,
    );
    expect(stderr).toContain(
      `models.diabetes-progression.nodePort: port 31345 of the nodes belongs to the Service`,
    );
    expect(code).toBe(1);
    expect((await changed()).status).toBe(404);
  });

  test("a second stack gets the pod that has node-exporter's port", async () => {
    const taken = ["--config", "nodeExporterPort=9100"];
    const { code, stderr } = await second.up(...inOwnNamespace, ...otherPorts, ...taken);
    expect(stderr).toMatch(
      /nodeExporterPort: port 9100 of the node mlops-local belongs to the pod mlops-node-exporter\/node-exporter-\w+; set nodeExporterPort to a free port such as 9101, or nodeExporter to false/,
    );
    expect(code).toBe(1);
    expect((await changed()).status).toBe(404);
  });

  test("a second stack with different ports comes up, and monitors its node", async () => {
    expect((await second.up(...inOwnNamespace, ...otherPorts)).code).toBe(0);
    const nodes = () =>
      forwarded(
        "prometheus",
        (url) => queryAt(url, "count by (instance) (node_cpu_seconds_total)"),
        secondNamespace,
      );
    await waitUntil("the second Prometheus reads the node", 60, async () => {
      const instances = (await nodes()).map(({ labels }) => labels["instance"]);
      expect(instances).toEqual([`${addresses.node}:9101`]);
      return true;
    });
    expect((await second.mlops("down", "--delete-data", "--yes")).code).toBe(0);
    expect((await changed()).status).toBe(404);
  });
}
