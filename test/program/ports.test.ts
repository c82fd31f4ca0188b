import {
  choosePorts,
  leavesPortsOpen,
  type PortFacts,
  portFaults,
  unseen,
} from "../../program/ports.ts";
import { textOf } from "../../program/setting.ts";
import { configOf as config } from "../support/config.ts";

const usual = {
  trackingNodePort: 30001,
  predictionNodePort: 31344,
  grafanaNodePort: 31343,
  nodeExporterPort: 9100,
  models: { "diabetes-progression": { nodePort: 31345 } },
};
const closed = {
  trackingNodePort: 0,
  predictionNodePort: 0,
  grafanaNodePort: 0,
  nodeExporterPort: 9100,
  models: { "diabetes-progression": { nodePort: 0 } },
};
const exporter = (namespace: string, port = 9100) => ({
  namespace,
  pod: "node-exporter-abcde",
  node: "one",
  port,
});
const facts = (given: Partial<PortFacts>): PortFacts => ({ ...unseen(true), ...given });

test("a cluster of this machine opens the usual ports, another one none", () => {
  expect(choosePorts(config(), unseen(true))).toEqual(usual);
  expect(choosePorts(config(), unseen(false))).toEqual(closed);
});

test("a stack that keeps to one namespace has no node-exporter, and no port for it is chosen or left open", () => {
  const given = config({
    namespaceOnly: "true",
    trackingNodePort: "0",
    predictionNodePort: "0",
    grafanaNodePort: "0",
    models: '{"churn":{"nodePort":0}}',
  });
  expect(choosePorts(given, unseen(true))).not.toHaveProperty("nodeExporterPort");
  expect(leavesPortsOpen(given)).toBe(false);
});

// SECURITY.md: Elsewhere only a port that the stack sets is opened.
test("a port that is set is opened, or stays closed, on every cluster", () => {
  const given = config({ trackingNodePort: "30005", predictionNodePort: "0" });
  expect(choosePorts(given, unseen(true))).toEqual({
    ...usual,
    trackingNodePort: 30005,
    predictionNodePort: 0,
  });
  expect(choosePorts(given, unseen(false))).toEqual({ ...closed, trackingNodePort: 30005 });
});

test("of several models the first has the usual port, and the others the ones that are set", () => {
  const models = { churn: {}, fraud: {}, "größe 2": { nodePort: 31400 } };
  const chosen = (given: Partial<PortFacts>) =>
    choosePorts(config({ models: JSON.stringify(models) }), facts(given)).models;
  expect(chosen({})).toEqual({ ...models, churn: { nodePort: 31345 } });
  const holder = (service: string, namespace = "mlops") => ({
    nodePorts: [{ namespace, service, port: 31345 }],
  });
  expect(chosen(holder("model-server-churn"))["churn"]).toEqual({ nodePort: 31345 });
  // a Service that goes with this deployment, such as that of the first model until now, goes last
  expect(chosen(holder("model-server-fraud"))["churn"]).toEqual({ nodePort: 31346 });
  const taken = facts({ nodePorts: [{ namespace: "team", service: "web", port: 31400 }] });
  expect(portFaults(config({ models: JSON.stringify(models) }), taken)).toEqual([
    'models["größe 2"].nodePort: port 31400 of the nodes belongs to the Service team/web; set models["größe 2"].nodePort to a free port such as 31401, or to 0',
  ]);
});

test("a cluster is read only for ports that a stack does not set, and never one that the program creates", () => {
  const texts = Object.fromEntries(
    Object.entries(closed).map(([key, value]) => [key, textOf(value)]),
  );
  expect(leavesPortsOpen(config())).toBe(true);
  expect(leavesPortsOpen(config({ ...texts, grafanaNodePort: "" }))).toBe(true);
  expect(leavesPortsOpen(config(texts))).toBe(false);
  const google = { cluster: "gke", gcpProject: "mlops-test", gcpRegion: "europe-west1" };
  expect(leavesPortsOpen(config(google))).toBe(false);
});

test.each<[string, Partial<PortFacts>, number]>([
  ["the usual port", {}, 9100],
  [
    "the next one, where another stack has that",
    { hostPorts: [exporter("a-node-exporter")], platformNamespaces: ["a", "a-node-exporter"] },
    9101,
  ],
  [
    "one that no pod has",
    {
      hostPorts: [
        exporter("a-node-exporter"),
        exporter("b-node-exporter", 9101),
        exporter("x", 9102),
      ],
      platformNamespaces: ["a-node-exporter", "b-node-exporter"],
    },
    9103,
  ],
  [
    "the one that it has already",
    {
      hostPorts: [exporter("mlops-node-exporter", 9101)],
      platformNamespaces: ["mlops-node-exporter"],
    },
    9101,
  ],
  [
    "the default one, although another program has it: that is for people to decide",
    { hostPorts: [exporter("monitoring")] },
    9100,
  ],
])("node-exporter gets %s", (_, given, port) => {
  expect(choosePorts(config(), facts(given)).nodeExporterPort).toBe(port);
});

test("another owner of node-exporter's port is named with the settings that help", () => {
  const taken = facts({ hostPorts: [exporter("monitoring"), exporter("x", 9101)] });
  expect(portFaults(config(), taken)).toEqual([
    "nodeExporterPort: port 9100 of the node one belongs to the pod monitoring/node-exporter-abcde; set nodeExporterPort to a free port such as 9102, or nodeExporter to false",
  ]);
  for (const [key, value] of Object.entries({
    nodeExporterPort: "9102",
    nodeExporter: "false",
    monitoring: "false",
  })) {
    expect(portFaults(config({ [key]: value }), taken)).toEqual([]);
  }
});

test("each node port of another stack is named with its setting, its owner and a free one", () => {
  const holder = (service: string, port: number) => ({ namespace: "team", service, port });
  const taken = facts({ nodePorts: [holder("mlflow", 30001), holder("grafana", 31343)] });
  expect(portFaults(config(), taken)).toEqual([
    "trackingNodePort: port 30001 of the nodes belongs to the Service team/mlflow; set trackingNodePort to a free port such as 30002, or to 0",
    "grafanaNodePort: port 31343 of the nodes belongs to the Service team/grafana; set grafanaNodePort to a free port such as 31346, or to 0",
  ]);
  expect(portFaults(config({ namespace: "team" }), taken)).toEqual([]);
  const others = [holder("model-server", 31345), holder("prediction-app", 31344)];
  const suggested = portFaults(config(), facts({ nodePorts: others })).join();
  expect(suggested).toMatch(/predictionNodePort to a free port such as 31346,/);
  expect(suggested).toMatch(/models\.diabetes-progression\.nodePort to a free port such as 31347,/);
  const last = config({ trackingNodePort: "32767" });
  const [highest] = portFaults(last, facts({ nodePorts: [holder("web", 32767)] }));
  expect(highest).toContain("such as 30000,");
  expect(portFaults(config(), { ...taken, isOwn: false })).toEqual([]);
  expect(portFaults(config({ trackingNodePort: "30009", grafana: "false" }), taken)).toEqual([]);
});
