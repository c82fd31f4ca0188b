import {
  enforcesPolicies,
  type PluginTraces,
  policiesAreEnforced,
} from "../../cli/networkPolicies.ts";

const bare: PluginTraces = {
  groups: ["apps", "batch", "networking.k8s.io"],
  containers: [
    { image: "registry.k8s.io/kube-proxy:v1.35.4" },
    { image: "quay.io/prometheus/node-exporter:v1.9.1" },
  ],
  kubelets: ["v1.35.4"],
};
const switchedOn = "--enable-network-policy=true";
const image = (name: string, ...args: string[]) => ({ containers: [{ image: name, args }] });

test.each<[string, Partial<PluginTraces>]>([
  ["Calico", { groups: ["crd.projectcalico.org"] }],
  ["Calico without its resources", image("docker.io/calico/node:v3.30.0")],
  ["Cilium and GKE's Dataplane V2", { groups: ["cilium.io"] }],
  ["kube-router", image("docker.io/cloudnativelabs/kube-router:v2.6.0")],
  ["k3s", { kubelets: ["v1.34.1+k3s1"] }],
  ["the local cluster", { kubelets: ["v1.35.4+mlops-local"] }],
  ["kind since 0.24", image("docker.io/kindest/kindnetd:v20250512-df8de77b")],
  ["EKS with its agent switched on", image("eks/aws-network-policy-agent:v1", switchedOn)],
])("%s enforces policies", (_, traces) => {
  expect(enforcesPolicies({ ...bare, ...traces })).toBe(true);
});

test.each<[string, Partial<PluginTraces>]>([
  ["plain Minikube", {}],
  ["flannel", image("ghcr.io/flannel-io/flannel:v0.27.0")],
  ["kind before 0.24", image("docker.io/kindest/kindnetd:v20240202-8f1494ea")],
  ["EKS with its agent switched off", image("eks/aws-network-policy-agent:v1")],
])("%s: nothing does", (_, traces) => {
  expect(enforcesPolicies({ ...bare, ...traces })).toBe(false);
});

describe("a cluster", () => {
  const answers = (plugin: string): Record<string, unknown> => ({
    "/apis": { groups: [{ name: "apps" }] },
    "/apis/apps/v1/daemonsets": {
      items: [{ spec: { template: { spec: { containers: [{ image: plugin }] } } } }],
    },
    "/api/v1/nodes": { items: [{ status: { nodeInfo: { kubeletVersion: "v1.35.4" } } }] },
  });

  test.each([
    ["quay.io/cilium/cilium:v1.18.0", true],
    ["docker.io/kindest/kindnetd:v20230511-dc714da8", false],
  ])("is judged by its DaemonSets (%s)", async (plugin, isEnforced) => {
    expect(await policiesAreEnforced(async (path) => answers(plugin)[path])).toBe(isEnforced);
  });

  test("is not judged where its user may not list them", async () => {
    const forbidden = async (path: string) => {
      if (path.endsWith("daemonsets")) throw new Error("forbidden");
      return answers("")[path];
    };
    expect(await policiesAreEnforced(forbidden)).toBeUndefined();
  });
});
