import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** One Helm release in a namespace. Every key changes one aspect. */
const config = new pulumi.Config();
const provider = new k8s.Provider("cluster", {
  context: config.get("context"),
  kubeconfig: config.get("kubeconfig"),
});
const options = { provider };
const space = new k8s.core.v1.Namespace(
  "space",
  { metadata: { name: config.get("namespace") ?? "release-test" } },
  options,
);
const more = JSON.parse(config.get("more") ?? "{}") as Partial<k8s.helm.v3.ReleaseArgs>;
const declares = config.getBoolean("release") ?? true;
const release = declares
  ? new k8s.helm.v3.Release(
      "tiny",
      {
        name: config.get("name") ?? "tiny",
        chart: config.get("chart") ?? "oci://example.org/charts/tiny",
        namespace: space.metadata.name,
        timeout: config.getNumber("timeout") ?? 30,
        values: {
          note: config.get("note") ?? "first",
          image: config.get("image"),
          password: pulumi.secret("correct-Horse-7"),
        },
        ...more,
      },
      options,
    )
  : undefined;
export const status = release?.status;
export const fullName = release && pulumi.interpolate`${release.namespace}/${release.name}`;
