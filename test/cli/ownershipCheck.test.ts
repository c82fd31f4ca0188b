import { stackAnnotation, stateLabel } from "../../components/kubernetes/ownershipMarks.ts";
import type { Deployment } from "../../cli/deployment.ts";
import type { JsonObject } from "../../local/support/propertyValues.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { ApiError } from "../../local/support/apiServer.ts";
import { foreignObjects, otherPlatforms } from "../../cli/neighbours.ts";
import { checkOwnNamespaces, checkOwnership, resourcesIn } from "../../cli/ownershipCheck.ts";
import type { Settings } from "../../cli/stackSettings.ts";
import { keepCopy, readCopy, withNewIds } from "../../cli/stateCopy.ts";
import { FakeApi } from "../local/engine/fakeApi.ts";

const api = new FakeApi();
let client: KubernetesClient;
beforeAll(async () => {
  const server = await api.listen();
  // the engine's client loads an ES module, which Jest cannot
  const request = async (method: string, path: string, body?: JsonObject) => {
    const answer = await fetch(server + path, {
      method,
      body: body && JSON.stringify(body),
      headers: { connection: "close" },
    });
    const content = (await answer.json()) as JsonObject;
    if (!answer.ok) throw new ApiError(answer.status, JSON.stringify(content));
    return content;
  };
  const plural = (kind: string) => `${kind.toLowerCase()}s`;
  const pathOf = ({ apiVersion, kind, metadata }: JsonObject) => {
    const { name, namespace } = metadata as { name: string; namespace?: string };
    const group = apiVersion === "v1" ? "/api/v1" : `/apis/${String(apiVersion)}`;
    return `${group}${namespace ? `/namespaces/${namespace}` : ""}/${plural(String(kind))}/${name}`;
  };
  client = {
    request,
    get: (object: JsonObject) => request("GET", pathOf(object)).catch(() => undefined),
    apply: (object: JsonObject) => request("PATCH", pathOf(object), object),
  } as unknown as KubernetesClient;
});
beforeEach(() => {
  api.objects.clear();
  api.writes.length = 0;
});
afterAll(() => api.close());

const id = "11111111-2222-3333-4444-555555555555";
const settings = {
  project: "mlops-platform",
  stack: "dev",
  config: { namespace: "ml", monitoring: true, nodeExporter: true },
} as Settings;
const namespace = (uid: string, labels = {}, annotations = {}) => ({
  kind: "Namespace",
  metadata: { uid, labels, annotations },
});
const mine = { [stateLabel]: id };
const by = (stack: string) => ({ [stackAnnotation]: `mlops-platform/${stack}` });

/** A state with the platform's namespace, as each of the engines writes it. */
const resources = [
  { type: "random:index/randomUuid:RandomUuid", inputs: {}, outputs: { result: id } },
  {
    type: "kubernetes:core/v1:Namespace",
    inputs: { kind: "Namespace", metadata: { name: "ml", labels: mine } },
    outputs: { metadata: { name: "ml", uid: "1" } },
  },
  {
    type: "kubernetes:core/v1:Secret",
    inputs: { kind: "Secret", metadata: {} },
    outputs: { kind: "Secret", metadata: { name: "password-1a2b", namespace: "ml" } },
  },
  { type: "kubernetes:helm.sh/v3:Release", inputs: { name: "prometheus" }, outputs: {} },
  { type: "mlops:index:MlopsPlatform" },
];
const states = {
  "built-in engine": JSON.stringify({ version: 1, resources }),
  "Pulumi CLI": JSON.stringify({ version: 3, deployment: { resources } }),
};

// SECURITY.md: No namespace, object or Helm release that a stack did not create is taken over by
// `up`, and none is deleted by `npm run down`: not those of other people, of another stack, or of
// another checkout.
describe.each(Object.entries(states))("with a state of the %s", (_, state) => {
  test("a stack continues with what its state has created", async () => {
    api.put("/api/v1/namespaces/ml", namespace("1", mine, by("dev")));
    await checkOwnership(client, settings, state);
    await checkOwnNamespaces(client, settings, state);
  });

  test("a checkout whose platform was recovered in another one neither updates nor removes it", async () => {
    api.put("/api/v1/namespaces/ml", namespace("1", { [stateLabel]: "another" }, by("dev")));
    const sentence = /another checkout has recovered it since/;
    await expect(checkOwnership(client, settings, state)).rejects.toThrow(sentence);
    await expect(checkOwnNamespaces(client, settings, state)).rejects.toThrow(sentence);
  });

  test("objects that people have put into the platform's namespace are found, and no others", async () => {
    const at = (kind: string, name: string, metadata = {}) =>
      api.put(`/api/v1/namespaces/ml/${kind.toLowerCase()}s/${name}`, { kind, metadata });
    at("Secret", "password-1a2b");
    at("Secret", "mlops-state");
    at("Secret", "sh.helm.release.v1.prometheus.v1", {
      labels: { owner: "helm", name: "prometheus" },
    });
    at("ConfigMap", "kube-root-ca.crt");
    at("ConfigMap", "rules", { annotations: { "meta.helm.sh/release-name": "prometheus" } });
    at("Pod", "server-1", { ownerReferences: [{ kind: "ReplicaSet" }] });
    const found = () => foreignObjects(client, "ml", resourcesIn(state));
    expect(await found()).toEqual([]);

    at("ConfigMap", "their-settings");
    at("Secret", "sh.helm.release.v1.redis.v1", { labels: { owner: "helm", name: "redis" } });
    at("Secret", "password", { labels: { "app.kubernetes.io/part-of": "mlops-platform" } });
    expect(await found()).toEqual([
      "ConfigMap their-settings",
      "Secret sh.helm.release.v1.redis.v1",
      "Secret password",
    ]);
  });

  test("the copy in the cluster is written when something has changed, and read back whole", async () => {
    const deployment = { namespace: "ml", engine: "builtin" } as Deployment;
    await keepCopy(client, { deployment, state });
    await keepCopy(client, { deployment, state });
    expect(api.writes).toEqual(["apply Secret mlops-state"]);
    expect(await readCopy(client, "ml")).toEqual({ deployment, state });
    await keepCopy(client, { deployment, state: state.replace("password-1a2b", "password-3c4d") });
    expect(api.writes).toHaveLength(2);
    expect((await readCopy(client, "ml"))?.state).toContain("password-3c4d");
  });

  test("a recovered state differs from the lost one only in its id", async () => {
    const renewed = withNewIds(state);
    expect(renewed).not.toContain(id);
    const [owner] = resourcesIn(renewed);
    expect(renewed.replaceAll(String(owner?.outputs["result"]), id)).toBe(state);
  });
});

test.each<[string, string, object, RegExp]>([
  [
    "the platform's namespace",
    "/api/v1/namespaces/ml",
    namespace("1"),
    /namespace ml already exists/,
  ],
  [
    "node-exporter's namespace",
    "/api/v1/namespaces/ml-node-exporter",
    namespace("1"),
    /namespace ml-node-exporter already exists/,
  ],
  [
    "another stack's",
    "/api/v1/namespaces/ml",
    namespace("1", { [stateLabel]: "other" }, by("staging")),
    /belongs to another stack, mlops-platform\/staging/,
  ],
  [
    "a ClusterRole of someone else's Prometheus",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/ml-prometheus",
    {
      kind: "ClusterRole",
      metadata: { annotations: { "meta.helm.sh/release-namespace": "monitoring" } },
    },
    /ClusterRole ml-prometheus already exists.*another `namespace`/,
  ],
])("a new stack is refused %s, and nothing is changed", async (_, path, object, sentence) => {
  api.put(path, object);
  await expect(checkOwnership(client, settings, undefined)).rejects.toThrow(sentence);
  expect(api.writes).toEqual([]);
});

test("ClusterRoles that the platform's own release left do not prevent it", async () => {
  api.put("/apis/rbac.authorization.k8s.io/v1/clusterroles/ml-prometheus", {
    kind: "ClusterRole",
    metadata: { annotations: { "meta.helm.sh/release-namespace": "ml" } },
  });
  await checkOwnership(client, settings, undefined);
});

describe("in a namespace that it did not create", () => {
  const inTeams = {
    ...settings,
    config: { ...settings.config, namespaceOnly: true },
  } as Settings;
  const marksPath = "/api/v1/namespaces/ml/configmaps/mlops-platform";
  const check = (state?: string) => checkOwnership(client, inTeams, state);
  const there = () => api.put("/api/v1/namespaces/ml", namespace("1"));
  const marks = (labels: object, stack: string) =>
    api.put(marksPath, { kind: "ConfigMap", metadata: { labels, annotations: by(stack) } });

  test("a stack is deployed to an empty namespace, and continues with objects that it has marked", async () => {
    there();
    await check();
    marks(mine, "dev");
    api.put("/api/v1/namespaces/ml/pods/mlflow-1", { kind: "Pod" });
    await check(states["built-in engine"]);
    expect(api.writes).toEqual([]);
  });

  test("it is not created, and pods of others in it keep their network", async () => {
    await expect(check()).rejects.toThrow(/namespace ml does not exist/);
    there();
    api.put("/api/v1/namespaces/ml/pods/shop-1", { kind: "Pod" });
    await expect(check()).rejects.toThrow(/pods that are not the platform's, such as shop-1/);
  });

  test("another stack in it is not touched, whether that stack created it or not", async () => {
    there();
    marks({ [stateLabel]: "other" }, "staging");
    await expect(check()).rejects.toThrow(/namespace ml belongs to another stack.*staging/);
    api.objects.clear();
    api.put("/api/v1/namespaces/ml", namespace("1", { [stateLabel]: "other" }, by("staging")));
    await expect(check()).rejects.toThrow(/namespace ml belongs to another stack.*staging/);
  });
});

test("platforms of other stacks are found from any checkout, and kept data does not count", async () => {
  const labels = { "app.kubernetes.io/part-of": "mlops-platform" };
  for (const name of ["ml", "theirs", "old"])
    api.put(`/api/v1/namespaces/${name}/services/mlflow`, {
      kind: "Service",
      metadata: { namespace: name, labels },
    });
  api.put("/api/v1/namespaces/theirs", namespace("2", {}, by("staging")));
  api.put("/api/v1/namespaces/kept", namespace("3", labels, by("kept")));
  expect(await otherPlatforms(client, "ml")).toEqual([
    "a stack of an earlier version in namespace old",
    "staging in namespace theirs",
  ]);
});
