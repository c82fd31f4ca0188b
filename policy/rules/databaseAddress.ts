import type { SeenResource, StackRule } from "../rule.ts";
import { at } from "../values.ts";

const instance = "gcp:sql/databaseInstance:DatabaseInstance";
const cluster = "gcp:container/cluster:Cluster";

/** Cloud SQL instances with a public address: Google assigns one by default. */
const publicOnes = (resources: readonly SeenResource[]): SeenResource[] =>
  resources.filter(({ type, values }) => {
    const address = at(values, "settings", "ipConfiguration", "ipv4Enabled");
    return type === instance && (address === true || address === undefined || address === null);
  });

const hasCluster = (resources: readonly SeenResource[]): boolean =>
  resources.some(({ type }) => type === cluster);

export const databaseAddress: StackRule = {
  name: "database-address",
  description: "Cloud SQL has no public address if the cluster is on Google Cloud.",
  level: "mandatory",
  checkStack: (resources) =>
    hasCluster(resources)
      ? publicOnes(resources).map((resource) => ({
          resource,
          fault:
            "has a public address, though the cluster reaches it inside the network; set cloudSqlAddress to private (ipConfiguration.ipv4Enabled to false)",
        }))
      : [],
};

export const publicAddressBeside: StackRule = {
  name: "database-address-outside-google",
  description:
    "Cloud SQL has a public address, which a cluster outside Google Cloud requires: accept the risk knowingly.",
  level: "advisory",
  checkStack: (resources) =>
    hasCluster(resources)
      ? []
      : publicOnes(resources).map((resource) => ({
          resource,
          fault:
            "has a public address, which a cluster outside of Google Cloud needs; no network is authorized, so only principals with the role Cloud SQL Client can connect, through the Auth Proxy; except for evaluation, use cluster: gke",
        })),
};
