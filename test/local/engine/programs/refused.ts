import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** What only the Pulumi CLI can deploy, and one resource that the engine can. */
const provider = new k8s.Provider("cluster", {});
const config = (name: string, opts: pulumi.CustomResourceOptions) =>
  new k8s.core.v1.ConfigMap(name, { metadata: { name } }, { provider, ...opts });

config("plain", {});
config("ignoring", { ignoreChanges: ["data"] });
config("replacing", { replaceOnChanges: ["data"] });
config("slow", { customTimeouts: { create: "1h" } });
config("kept", { retainOnDelete: true });
config("guarded", { protect: true });
config("adopted", { import: "default/adopted" });
config("transformed", { transforms: [() => undefined] });
new k8s.core.v1.ConfigMap("homeless", {});
new k8s.core.v1.ConfigMapPatch("patch", { metadata: { name: "theirs" } }, { provider });
new k8s.helm.v4.Chart("chart", { chart: "./chart" }, { provider });
new random.RandomPet("pet");
