import { existsSync } from "node:fs";
import { join } from "node:path";
import { listProcesses } from "../../local/cluster/processes.ts";
import { takeLock } from "../../local/support/lock.ts";
import { envFile } from "../../cli/envFile.ts";
import { workFolder } from "../../local/support/cache.ts";
import { run } from "../../local/support/process.ts";
import { api, clusterFolder, mlops, namespace, stack, up } from "./support/platform.ts";
import { startTestCluster } from "./support/testCluster.ts";

/** Later runs of `up`, and what `down` leaves. */
export function describeEnd(): void {
  test("a second `up` changes nothing", async () => {
    const before = await versions();
    const { code, stderr, stdout } = await up();
    expect(stderr + stdout).toMatch(/Done: \d+ unchanged \(/);
    expect(code).toBe(0);
    expect(await versions()).toEqual(before);
  });

  test("a second `up` at the same time is refused with the first one's pid", async () => {
    const release = takeLock(join(workFolder, "state", `${stack}.lock`), "working on this stack");
    try {
      const { code, stderr } = await up();
      expect(stderr).toMatch(new RegExp(`error: another run .*\\(pid ${process.pid}\\)`));
      expect(code).toBe(1);
    } finally {
      release();
    }
  });

  test("a setting changes only its own objects", async () => {
    const { code } = await up("--config", "predictionReplicas=1");
    expect(code).toBe(0);
    const page = await api().get(
      `/apis/apps/v1/namespaces/${namespace}/deployments/prediction-app`,
    );
    expect(page.spec?.["replicas"]).toBe(1);
  });

  test("`down --keep-data` and `up` bring back the same models", async () => {
    expect((await mlops("down", "--keep-data")).code).toBe(0);
    expect(listProcesses()).toEqual([]);
    const { code, stdout } = await up();
    expect(code).toBe(0);
    expect(stdout).toMatch(/diabetes-progression version \d+ \(champion\) predicts 4321/);
  });

  test("`down --delete-data` leaves nothing in the cluster", async () => {
    expect((await mlops("down", "--delete-data", "--yes")).code).toBe(0);
    await startTestCluster(); // `down` has stopped it; to look into it, it has to run
    expect((await api().call("GET", `/api/v1/namespaces/${namespace}`)).status).toBe(404);
    expect(await api().list("/api/v1/persistentvolumes")).toEqual([]);
    expect(existsSync(envFile)).toBe(false);
  });

  test("`down --cluster` leaves nothing on the machine", async () => {
    expect((await mlops("down", "--cluster", "--keep-cache", "--yes")).code).toBe(0);
    expect(listProcesses()).toEqual([]);
    expect(existsSync(clusterFolder)).toBe(false);
    expect(existsSync(join(workFolder, "state", `${stack}.json`))).toBe(false);
    expect(existsSync(join(workFolder, "deployments", `${stack}.json`))).toBe(false);
    expect(await run("ip", ["-brief", "link"])).not.toMatch(/mlops/);
    expect(await run("iptables-save", [])).not.toMatch(/KUBE|CNI|MLOPS/);
  });
}

/** Everything that `up` might touch, by the counter that the API server keeps of changes. */
async function versions(): Promise<Record<string, string>> {
  const paths = [
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
    `/api/v1/namespaces/${namespace}/services`,
    `/api/v1/namespaces/${namespace}/secrets`,
    `/apis/batch/v1/namespaces/${namespace}/jobs`,
  ];
  const objects = (await Promise.all(paths.map((path) => api().list(path)))).flat();
  return Object.fromEntries(
    objects.map(({ metadata }) => [metadata.uid, `${metadata.name} ${metadata.resourceVersion}`]),
  );
}
