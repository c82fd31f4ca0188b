import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import {
  fakeCluster,
  type FakeCluster,
  hostPortPod,
  kindNode,
  nodePortService,
  rentedNode,
} from "../support/fakeCluster.ts";

const folder = mkdtempSync(join(tmpdir(), "mlops-ports-"));
const kubeconfig = join(folder, "config");
let cluster: FakeCluster;
beforeAll(async () => {
  // the name that clusters of this machine often have: it must not count
  cluster = await fakeCluster(kubeconfig, "minikube");
});
beforeEach(() => {
  cluster.listed = { nodes: [kindNode], services: [], pods: [], namespaces: [] };
});
afterAll(() => {
  cluster.close();
  rmSync(folder, { recursive: true });
});

/** What a script prints; a separate process, which the cluster in this one can answer. */
async function run(script: string, argument: string, config = kubeconfig) {
  const env = { ...process.env, KUBECONFIG: config };
  const child = spawn(process.execPath, [join(checkoutRoot, script), argument], { env });
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => (texts[stream] += chunk.toString()));
  }
  await new Promise((done) => child.on("close", done));
  return texts;
}

const asked = async (): Promise<unknown> =>
  JSON.parse((await run("program/askCluster.ts", "minikube")).stdout);

/** What the program says that is run without the npm commands. */
const program = (command: "up" | "preview", config?: string) =>
  run("test/support/chosenPorts.ts", command, config);

test("a cluster shows its nodes, and the owners of their ports", async () => {
  const pending = { ...hostPortPod("late", "p", 9100), status: { phase: "Pending" } };
  cluster.listed = {
    nodes: [kindNode],
    services: [nodePortService("team", "mlflow", 30001)],
    pods: [
      hostPortPod("monitoring", "exporter", 9100),
      { ...pending, spec: { containers: pending.spec.containers } },
      { ...hostPortPod("old", "done", 9100), status: { phase: "Succeeded" } },
    ],
    namespaces: [{ metadata: { name: "team" } }],
  };
  expect(await asked()).toEqual({
    own: { kind: "kind", cluster: "dev" },
    nodePorts: [{ namespace: "team", service: "mlflow", port: 30001 }],
    hostPorts: [
      { namespace: "monitoring", pod: "exporter", node: "dev-control-plane", port: 9100 },
    ],
    platformNamespaces: ["team"],
  });
});

test("a cluster whose nodes its user may not list does not count as one of this machine", async () => {
  cluster.listed = {};
  expect(await asked()).toEqual({
    nodePorts: [],
    hostPorts: [],
    platformNamespaces: [],
  });
});

describe("`pulumi up` without the npm commands", () => {
  const chosen = async (command: "up" | "preview" = "up", config = kubeconfig): Promise<unknown> =>
    JSON.parse((await program(command, config)).stdout);
  const open = [30001, 31345, 31344, 31343];
  const closed = [0, 0, 0, 0];

  test("opens the usual ports on a cluster of this machine", async () => {
    expect(await chosen()).toEqual({ nodePorts: open, exporterPort: 9100 });
  });

  test("opens none on a rented server with any context name", async () => {
    cluster.listed = { ...cluster.listed, nodes: [rentedNode] };
    expect(await chosen()).toEqual({ nodePorts: closed, exporterPort: 9100 });
  });

  test("gives a second stack's node-exporter its own port", async () => {
    cluster.listed = {
      ...cluster.listed,
      pods: [hostPortPod("a-node-exporter", "node-exporter-x", 9100)],
      namespaces: [{ metadata: { name: "a-node-exporter" } }],
    };
    expect(await chosen()).toEqual({ nodePorts: open, exporterPort: 9101 });
  });

  test("names every taken port in the preview", async () => {
    cluster.listed = {
      ...cluster.listed,
      services: [nodePortService("team", "mlflow", 30001)],
      pods: [hostPortPod("monitoring", "exporter", 9100)],
    };
    const { stdout, stderr } = await program("preview");
    expect(stderr).toContain("ports of the cluster are taken; change the stack's settings:");
    expect(stderr).toContain("trackingNodePort: port 30001 of the nodes belongs to the Service");
    expect(stderr).toContain("nodeExporterPort: port 9100 of the node dev-control-plane belongs");
    expect(stdout).toBe("");
  });

  test("previews without a cluster, and does not deploy blindly", async () => {
    const away = join(folder, "away");
    const text = readFileSync(kubeconfig, "utf8").replace(
      /http:\/\/127.0.0.1:\d+/,
      "http://127.0.0.1:65431",
    );
    writeFileSync(away, text);
    expect(await chosen("preview", away)).toMatchObject({ nodePorts: closed });
    expect(await chosen("preview", join(folder, "none"))).toMatchObject({ nodePorts: closed });
    const { stdout, stderr } = await program("up", away);
    expect(stderr).toMatch(
      /cannot read the ports of the context minikube \(.*ECONNREFUSED.*\); check/,
    );
    expect(stdout).toBe("");
  });
});
