import { dataUrns, stackSettings } from "../../cli/pulumiEngine.ts";

describe("settings given to the Pulumi CLI", () => {
  const project = { name: "mlops-platform", config: { prometheusValues: { type: "object" } } };
  const committed = { config: { "mlops-platform:namespace": "a", "other:key": "stays" } };

  test("overrides win, and everything else of the committed file stays", () => {
    const settings = stackSettings(committed, {}, project, {
      namespace: "b",
      "pulumi:disable-default-providers": "x",
    });
    expect(settings).toEqual({
      config: {
        "mlops-platform:namespace": "b",
        "other:key": "stays",
        "pulumi:disable-default-providers": "x",
      },
    });
  });

  test("a map is passed as a map, because the CLI would refuse its text", () => {
    const settings = stackSettings({}, {}, project, { prometheusValues: '{"server":{"a":1}}' });
    expect(settings["config"]).toEqual({
      "mlops-platform:prometheusValues": { server: { a: 1 } },
    });
  });

  test("an override of the last run is forgotten, the encryption salt that the CLI added is not", () => {
    const previous = { encryptionsalt: "v1:abc", config: { "mlops-platform:namespace": "old" } };
    expect(stackSettings(committed, previous, project, {})).toEqual({
      encryptionsalt: "v1:abc",
      ...committed,
    });
  });

  test("a salt that is committed wins over the copy's", () => {
    const shared = { ...committed, encryptionsalt: "v1:shared" };
    const settings = stackSettings(shared, { encryptionsalt: "v1:own" }, project, {});
    expect(settings["encryptionsalt"]).toBe("v1:shared");
  });
});

const resource = (type: string) => ({ type, urn: `urn:${type}` });

test("`down --keep-data` keeps claims, their namespace, passwords, and the provider to reach them", () => {
  const kept = [
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "random:index/randomPassword:RandomPassword",
    "pulumi:providers:kubernetes",
  ];
  const removed = ["kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Secret"];
  const resources = [...removed, ...kept].map(resource);
  expect(dataUrns(JSON.stringify({ deployment: { resources } }))).toEqual(
    kept.map((type) => `urn:${type}`),
  );
  expect(dataUrns('{"deployment":{}}')).toEqual([]);
});

test("where the program created the cluster, its content is deleted, and Cloud SQL and the bucket stay", () => {
  const kept = [
    "pulumi:providers:gcp",
    "random:index/randomPassword:RandomPassword",
    "gcp:projects/service:Service",
    "gcp:compute/network:Network",
    "gcp:compute/globalAddress:GlobalAddress",
    "gcp:servicenetworking/connection:Connection",
    "gcp:sql/databaseInstance:DatabaseInstance",
    "gcp:sql/user:User",
    "gcp:storage/bucket:Bucket",
  ];
  const removed = [
    "pulumi:providers:kubernetes",
    "gcp:container/cluster:Cluster",
    "gcp:compute/subnetwork:Subnetwork",
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:PersistentVolumeClaim",
  ];
  const resources = [...removed, ...kept].map(resource);
  expect(dataUrns(JSON.stringify({ deployment: { resources } }))).toEqual(
    kept.map((type) => `urn:${type}`),
  );
});
