import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { apiServerHost, targetCluster } from "../../program/cluster.ts";
import { configOf } from "../support/config.ts";
import { record } from "../support/recorder.ts";

const kubeconfig = {
  "current-context": "minikube",
  contexts: [
    { name: "minikube", context: { cluster: "local" } },
    { name: "gke", context: { cluster: "cloud" } },
    { name: "orphan", context: { cluster: "gone" } },
  ],
  clusters: [
    { name: "local", cluster: { server: "https://192.168.49.2:8443" } },
    { name: "cloud", cluster: { server: "https://k8s.example.org" } },
  ],
};

test.each<[context: string | undefined, host: string, why: string]>([
  [undefined, "192.168.49.2", "the current context"],
  ["gke", "k8s.example.org", "the named one"],
  ["orphan", "localhost", "a context without a cluster"],
  ["missing", "localhost", "a context that is not there"],
])("context %s: people reach %s (%s)", (context, host) => {
  expect(apiServerHost(kubeconfig, context)).toBe(host);
});

test("without a kubeconfig a preview still has an address", () => {
  expect(apiServerHost({})).toBe("localhost");
});

test("the provider is one, named after its context so that a new token replaces nothing", async () => {
  const { find } = await record(() => targetCluster(configOf({ kubeContext: "gke" })).provider);
  expect(find("cluster").inputs).toEqual({
    context: "gke",
    clusterIdentifier: "gke",
    // booleans of a provider travel as text
    enableServerSideApply: "true",
    // what people have set with kubectl does not keep the stack from changing an object
    enablePatchForce: "true",
  });
});

test("without a setting the kubeconfig's current context is recorded, so that a change of it is noticed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  const before = process.env["KUBECONFIG"];
  process.env["KUBECONFIG"] = join(folder, "config");
  writeFileSync(process.env["KUBECONFIG"], stringify(kubeconfig));
  try {
    const { find, result } = await record(() => targetCluster(configOf({})));
    expect(find("cluster").inputs["clusterIdentifier"]).toBe("minikube");
    expect(find("cluster").inputs["context"]).toBe("minikube");
    expect(result.nodeAddress).toBe("192.168.49.2");
  } finally {
    if (before === undefined) delete process.env["KUBECONFIG"];
    else process.env["KUBECONFIG"] = before;
    rmSync(folder, { recursive: true });
  }
});

test("an address that is set wins over the kubeconfig's", async () => {
  const { result } = await record(() => targetCluster(configOf({ nodeAddress: "10.1.2.3" })));
  expect(result.nodeAddress).toBe("10.1.2.3");
});
