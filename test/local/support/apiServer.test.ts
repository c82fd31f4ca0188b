import { spawn } from "node:child_process";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { FakeApi, plainKubeconfig } from "../engine/fakeApi.ts";

const api = new FakeApi();
let kubeconfig: string;
beforeAll(async () => {
  kubeconfig = plainKubeconfig(await api.listen());
});
afterAll(() => api.close());

/** Runs a few lines on Node itself, which loads the client library: jest cannot. */
async function applied(script: string) {
  const root = JSON.stringify(checkoutRoot);
  const text = `
    import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
    import * as k8s from "@kubernetes/client-node";
    const { KubernetesClient } = await import(${root} + "/local/support/kubernetesClient.ts");
    const content = ${JSON.stringify(kubeconfig)};
    const object = { apiVersion: "apps/v1", kind: "Deployment",
      metadata: { name: "it", namespace: "ml" }, spec: { replicas: 1, notYetInvented: true } };
    ${script}
    process.exit(0);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
    cwd: join(checkoutRoot, "local", "engine"),
    stdio: ["ignore", "inherit", "inherit"],
  });
  expect(await new Promise((done) => child.on("close", done))).toBe(0);
  const spec = api.find("Deployment", "it")?.["spec"] as object;
  api.objects.clear();
  return spec;
}

test("a field that is newer than the client library reaches the API server", async () => {
  const spec = await applied(`
    const folder = mkdtempSync("/tmp/api-server-");
    writeFileSync(folder + "/kubeconfig", content);
    const client = await KubernetesClient.connect({ kubeconfig: folder + "/kubeconfig" });
    await client.apply(object);
    rmSync(folder, { recursive: true });`);
  expect(spec).toMatchObject({ replicas: 1, notYetInvented: true });
});

// When this fails, the library can take the place of our client: docs/decisions/0026.
test("the client library still loses such a field", async () => {
  const spec = await applied(`
    const config = new k8s.KubeConfig();
    config.loadFromString(content);
    const client = k8s.KubernetesObjectApi.makeApiClient(config);
    await client.patch(object, undefined, undefined, "test", true, k8s.PatchStrategy.ServerSideApply);`);
  expect(spec).toMatchObject({ replicas: 1 });
  expect(spec).not.toHaveProperty("notYetInvented");
});
