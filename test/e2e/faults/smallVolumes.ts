import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../local/support/process.ts";
import { api, namespace } from "../support/platform.ts";
import { scale, trackingDeployment } from "./clusterParts.ts";

/** Folder on this machine that is the volume of a claim. */
export async function folderOf(claim: string): Promise<string> {
  const { spec } = await api().get(
    `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}`,
  );
  const volume = await api().get(`/api/v1/persistentvolumes/${String(spec?.["volumeName"])}`);
  return (volume.spec as { local: { path: string } }).local.path;
}

export const claims = { artifacts: "mlops-artifacts-data", database: "postgres-data" } as const;

const roomMiB = 24;

/**
 * Gives the artifacts and the database a file system each that has little room left, while neither runs; the function
 * that is returned puts back their folders, with what was written meanwhile.
 */
export async function makeVolumesSmall(): Promise<() => Promise<void>> {
  const folders = await Promise.all(Object.values(claims).map(folderOf));
  await whileStopped(async () => {
    for (const folder of folders) await mountSmall(folder);
  });
  return () =>
    whileStopped(async () => {
      for (const folder of folders) await unmountSmall(folder);
    });
}

async function whileStopped(work: () => Promise<void>): Promise<void> {
  const server = await trackingDeployment();
  await Promise.all([scale(server, 0), scale("statefulsets/postgres", 0)]);
  await work();
  await scale("statefulsets/postgres", 1);
  await scale(server, 1);
}

async function mountSmall(folder: string): Promise<void> {
  const small = mkdtempSync(join(tmpdir(), "mlops-small-volume-"));
  const used = (await run("du", ["-sm", folder])).split("\t")[0]!;
  await run("mount", ["-t", "tmpfs", "-o", `size=${Number(used) + roomMiB}m`, "small", small]);
  await run("cp", ["-a", `${folder}/.`, small]);
  await run("mount", ["--bind", small, folder]);
  await run("umount", [small]);
  rmSync(small, { recursive: true });
}

async function unmountSmall(folder: string): Promise<void> {
  const kept = mkdtempSync(join(tmpdir(), "mlops-small-volume-"));
  await run("mount", ["--bind", folder, kept]);
  await run("umount", [folder]);
  await run("find", [folder, "-mindepth", "1", "-delete"]);
  await run("cp", ["-a", `${kept}/.`, folder]);
  await run("umount", [kept]);
  rmSync(kept, { recursive: true });
}

/** Writes until nothing is left, and returns what takes it away again. */
export async function fill(folder: string): Promise<() => void> {
  const file = join(folder, "fill");
  await run("sh", ["-c", `cat /dev/zero > "$1" 2>&1 || true`, "fill", file]);
  if (statfsSync(folder).bavail > 0) throw new Error(`${folder} is not full`);
  return () => rmSync(file);
}
