import { writeFileSync } from "node:fs";
import { FakeApi, plainKubeconfig } from "./fakeApi.ts";
import { Project } from "./engineRun.ts";

jest.setTimeout(120_000);

let api: FakeApi;
let project: Project;

beforeEach(async () => {
  api = new FakeApi();
  project = new Project("workloads.ts");
  writeFileSync(project.kubeconfig, plainKubeconfig(await api.listen()));
});

afterEach(() => {
  api.close();
  project.remove();
});

const namespace = "/api/v1/namespaces/engine-test";

// SECURITY.md: No namespace, object or Helm release that a stack did not create is taken over by
// `up`, and none is deleted by `npm run down`: not those of other people, of another stack, or of
// another checkout.
test("objects that existed before are neither taken over by up nor deleted by down", async () => {
  const theirs = { kind: "ConfigMap", data: { theirs: "1" } };
  api.put(`${namespace}/configmaps/independent`, theirs);
  const { code, stderr } = await project.run("up");
  expect(stderr).toContain(
    "error: ConfigMap independent already exists in the cluster, and this stack did not create it",
  );
  expect(code).toBe(1);
  await project.succeed("down");
  expect(api.find("ConfigMap", "independent")).toMatchObject(theirs);
});

test("an existing namespace is not touched, and nothing is created in it", async () => {
  api.put(namespace, { kind: "Namespace" });
  const { code, stderr } = await project.run("up");
  expect(stderr).toContain("error: Namespace engine-test already exists in the cluster");
  expect(code).toBe(1);
  expect(api.writes).toEqual([]);
  await project.succeed("down");
  expect(api.find("Namespace", "engine-test")).toBeDefined();
});

test("a stack that moves to another namespace does not take an existing one", async () => {
  await project.succeed("up");
  api.put("/api/v1/namespaces/theirs", { kind: "Namespace" });
  const { code, stderr } = await project.run("up", { namespace: "theirs" });
  expect(stderr).toContain("error: Namespace theirs already exists in the cluster");
  expect(code).toBe(1);
});

test("a namespace that another user deleted and created again is no longer the stack's", async () => {
  await project.succeed("up");
  api.put(namespace, { kind: "Namespace" });
  const { code, stderr } = await project.run("up");
  expect(stderr).toContain("error: Namespace engine-test already exists in the cluster");
  expect(code).toBe(1);
});

test("a change by `kubectl set image` is reverted once", async () => {
  await project.succeed("up");
  const live = api.find("Deployment", "server")!;
  const template = structuredClone(live["spec"].template);
  template.spec.containers[0].image = "by-hand:1";
  const managedFields = [{ manager: "kubectl-set", fieldsV1: { "f:spec": { "f:template": {} } } }];
  api.put("/apis/apps/v1/namespaces/engine-test/deployments/server", {
    ...live,
    metadata: { ...live["metadata"], managedFields },
    spec: { ...live["spec"], template },
  });
  expect((await project.succeed("up")).stderr).toMatch(/Deployment server updated/);
  expect(api.find("Deployment", "server")!["spec"]).toEqual(live["spec"]);
  expect((await project.succeed("up")).stderr).not.toMatch(/updated/);
});

test.each([
  ["Job", "jobs/migrate", "/apis/batch/v1/namespaces/engine-test", { template: {} }],
  [
    "PersistentVolumeClaim",
    "persistentvolumeclaims/data",
    namespace,
    { accessModes: ["ReadOnlyMany"] },
  ],
])(
  "a %s that was created again by hand and is immutable is reported",
  async (kind, name, path, spec) => {
    await project.succeed("up");
    api.put(`${path}/${name}`, { kind, spec });
    const { code, stderr } = await project.run("up");
    expect(stderr).toContain(
      `error: ${kind} engine-test/${name.split("/")[1]} is in the cluster with fields that cannot change (spec: field is immutable); undo there what was changed by hand`,
    );
    expect(code).toBe(1);
  },
);
