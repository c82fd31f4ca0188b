import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { plainKubeconfig } from "./fakeApi.ts";
import { Project } from "./engineRun.ts";
import { api, describeOnCluster } from "./realApi.ts";

jest.setTimeout(400_000);

describeOnCluster("the engine on a real API server", (kubeconfig) => {
  const namespace = `engine-test-${process.pid}`;
  const get = (path: string) => api(kubeconfig, "GET", path);
  const inNamespace = (group: string, rest: string) => `/${group}/namespaces/${namespace}/${rest}`;
  const namesOf = (resource: string): string[] =>
    get(inNamespace("api/v1", resource)).items.map((item: any) => item.metadata.name);

  describe("objects that need no node", () => {
    const project = new Project("objects.ts", kubeconfig);
    afterAll(async () => {
      await project.run("down");
      project.remove();
    });

    test("up creates everything and returns live outputs, and no secret is printed", async () => {
      const { stdout, stderr } = await project.succeed("up", { namespace }, ["--json"]);
      const outputs = JSON.parse(stdout);
      expect(outputs.clusterIp).toBe(get(inNamespace("api/v1", "services/web")).spec.clusterIP);
      expect(outputs.password).toBe("[secret]");

      const shown = await project.succeed("outputs", {}, ["--json", "--show-secrets"]);
      const { password, secretName } = JSON.parse(shown.stdout);
      expect(password).toHaveLength(24);
      const live = get(inNamespace("api/v1", `secrets/${secretName}`));
      expect(Buffer.from(live.data.password, "base64").toString()).toBe(password);
      for (const hidden of [password, live.data.password])
        expect(stdout + stderr).not.toContain(hidden);
    });

    test("only its owner can read the state, and no other file is left next to it", () => {
      expect(statSync(project.statePath).mode & 0o777).toBe(0o600);
      expect(readdirSync(dirname(project.statePath))).toEqual(["dev.json"]);
    });

    test("a second up changes nothing", async () => {
      const version = () => get(inNamespace("apis/apps/v1", "deployments/web")).metadata.generation;
      const before = version();
      const { stderr } = await project.succeed("up", { namespace });
      expect(stderr).toContain("Done: 6 unchanged");
      expect(version()).toBe(before);
    });

    test("changed values are applied, and a changed Secret gets a new name, which rolls the pods", async () => {
      const before = namesOf("secrets");
      const changes = { namespace, note: "second", port: 81, replicas: 2 };
      const preview = await project.succeed("preview", changes);
      expect(preview.stderr).toContain("~ spec.ports[0].port: 80 => 81");
      expect(preview.stderr).toContain("~ stringData.note: [secret] => [secret]");

      const { stderr } = await project.succeed("up", changes);
      expect(stderr).toContain("2 updated, 1 replaced, 1 deleted");
      const [after, ...others] = namesOf("secrets");
      expect(others).toEqual([]);
      expect(before).not.toContain(after);
      const { spec } = get(inNamespace("apis/apps/v1", "deployments/web"));
      expect(spec.template.spec.containers[0].envFrom[0].secretRef.name).toBe(after);
      expect(spec.replicas).toBe(2);
    });

    test("a field that another process has changed is reset", async () => {
      const settings = { namespace, note: "second", port: 81 };
      const path = inNamespace("apis/apps/v1", "deployments/web");
      api(kubeconfig, "PATCH", `${path}/scale`, { spec: { replicas: 7 } });
      await project.succeed("up", { ...settings, replicas: 3 });
      expect(get(path).spec.replicas).toBe(3);
    });

    test("objects that are no longer declared are deleted", async () => {
      expect(namesOf("configmaps").some((name) => name.startsWith("extra-"))).toBe(true);
      await project.succeed("up", { namespace, note: "second", extra: "false" });
      expect(namesOf("configmaps").some((name) => name.startsWith("extra-"))).toBe(false);
    });

    test("a run killed at any time is repaired by the next one", async () => {
      for (const milliseconds of [900, 1500, 2000, 2600, 3300]) {
        const settings = { namespace, note: `note ${milliseconds}` };
        const { child, ended } = project.start("up", settings);
        setTimeout(() => child.kill("SIGKILL"), milliseconds);
        await ended;
        await project.succeed("up", settings);
        expect(namesOf("secrets")).toHaveLength(1);
        const [name] = namesOf("secrets");
        const { data } = get(inNamespace("api/v1", `secrets/${name}`));
        expect(Buffer.from(data.note, "base64").toString()).toBe(settings.note);
      }
    });

    test("down leaves nothing", async () => {
      await project.succeed("down");
      expect(get(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
      expect(readdirSync(dirname(project.statePath))).toEqual([]);
    });
  });

  const nodes: unknown[] = kubeconfig ? get("/api/v1/nodes").items : [];
  const onNode = nodes.length > 0 ? describe : describe.skip;
  onNode("workloads on the local cluster's node", () => {
    const project = new Project("workloads.ts", kubeconfig);
    const settings = {
      namespace: `${namespace}-pods`,
      image: "localhost/mlops-local/pause:1",
      completions: 0,
    };
    afterAll(async () => {
      await project.run("down");
      project.remove();
    });

    test("up waits until the pods are ready, and down until they are gone", async () => {
      await project.succeed("up", settings);
      const deployments = `/apis/apps/v1/namespaces/${settings.namespace}/deployments/server`;
      expect(get(deployments).status.availableReplicas).toBe(1);
      const again = await project.succeed("up", { ...settings, run: "echo changed" });
      expect(again.stderr).toContain("Deployment server deleted, to be replaced");
      expect(get(deployments).status.availableReplicas).toBe(1);
    });

    test("a Job that cannot start fails with the reason", async () => {
      const { code, stderr } = await project.run("up", { ...settings, completions: 1 });
      expect(code).toBe(1);
      expect(stderr).toContain("error: Job migrate failed: BackoffLimitExceeded");
      expect(stderr).toMatch(/pod migrate-\w+: migrate ended with exit code 128, StartError/);
      await project.succeed("up", settings);
    });
  });
});

test.each([
  ["a kubeconfig that is not there", "/no/such/kubeconfig", "the kubeconfig /no/such/kubeconfig"],
  [
    "a server that is down",
    plainKubeconfig("http://127.0.0.1:9"),
    "the context fake: nothing listens at http://127.0.0.1:9; start that cluster, or choose another",
  ],
])("%s is one sentence with the way out", async (_case, kubeconfig, sentence) => {
  const project = new Project("objects.ts");
  if (kubeconfig.startsWith("/")) project.kubeconfig = kubeconfig;
  else writeFileSync(project.kubeconfig, kubeconfig);
  const { code, stderr } = await project.run("up");
  expect(code).toBe(1);
  expect(stderr.match(/^error: .*/gm)).toEqual([expect.stringContaining(sentence)]);
  project.remove();
});

test("preview needs neither a cluster nor a kubeconfig, and leaves no trace", async () => {
  const project = new Project("objects.ts", "/no/such/kubeconfig");
  const { stderr } = await project.succeed("preview");
  expect(stderr).toMatch(/\+ .*kubernetes:apps\/v1:Deployment +web +create/);
  expect(stderr).toContain("Plan: 6 to create");
  expect(existsSync(project.statePath)).toBe(false);
  project.remove();
});
