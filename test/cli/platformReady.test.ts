import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { plainKubeconfig } from "../local/engine/engineRun.ts";
import { FakeApi } from "../local/engine/fakeApi.ts";

const folder = mkdtempSync(join(tmpdir(), "mlops-daemon-sets-"));
const kubeconfig = join(folder, "kubeconfig");
const api = new FakeApi();
beforeAll(async () => writeFileSync(kubeconfig, plainKubeconfig(await api.listen())));
afterAll(() => {
  api.close();
  rmSync(folder, { recursive: true });
});

/** Waits in a separate process, which the API in this one can answer. */
function waited(): Promise<{ code: number | null; text: string }> {
  const file = (...path: string[]) => JSON.stringify(join(checkoutRoot, ...path));
  const access = JSON.stringify({ kubeconfig });
  const script = `const { awaitDaemonSets } = await import(${file("cli", "platformReady.ts")});
    const { KubernetesClient } = await import(${file("local", "support", "kubernetesClient.ts")});
    await awaitDaemonSets(await KubernetesClient.connect(${access}), "ml", 3).catch((error) => { console.error(error.message); process.exit(1); });
    process.exit(0);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, text })));
}

test("`up` is not done while a node lacks its node-exporter, whatever Helm said", async () => {
  const metadata = { name: "node-exporter", namespace: "ml-node-exporter", generation: 1 };
  const daemonSet = { metadata, spec: { selector: { matchLabels: {} } } };
  const path = "/apis/apps/v1/namespaces/ml-node-exporter/daemonsets";
  api.objects.set("/apis/apps/v1/namespaces/ml/daemonsets", { items: [] });
  api.objects.set(path, { items: [daemonSet] });
  api.objects.set(`${path}/node-exporter`, { kind: "DaemonSet", ...daemonSet });
  const scheduled = { desiredNumberScheduled: 1, updatedNumberScheduled: 1, observedGeneration: 1 };
  api.status = () => ({ ...scheduled, numberAvailable: 0 });
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
  api.pods = [
    {
      metadata: { name: "node-exporter-x" },
      status: { conditions: [{ ...condition, message: "0/1 nodes are available" }] },
    },
  ];
  const { code, text } = await waited();
  expect(text).toContain(
    "DaemonSet node-exporter is not ready after 3 s: 0 of 1 pods available; pod node-exporter-x: Unschedulable: 0/1 nodes are available",
  );
  expect(code).toBe(1);

  api.status = () => ({ ...scheduled, numberAvailable: 1 });
  expect((await waited()).code).toBe(0);
});
