import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { environment as pythonEnvironment } from "../../support/pythonEnvironment.ts";
import { waitUntil } from "../support/wait.ts";
import { killContainers } from "./clusterParts.ts";
import type { Fault } from "./fault.ts";
import { claims, folderOf } from "./smallVolumes.ts";

const program = join(checkoutRoot, "test", "e2e", "support", "upload_file.py");

/** A notebook's upload, during which MLflow is killed: the client sends it again, and it arrives whole. */
export function killedUpload(megabytes: number): Required<Pick<Fault, "prepare" | "happen">> {
  let upload: Promise<string>;
  return {
    prepare: async ({ outputs }) => {
      const variables = outputs["notebookEnv"] as unknown as Record<string, string>;
      const env = { ...process.env, ...variables, MLFLOW_DISABLE_TELEMETRY: "true" };
      const python = await pythonEnvironment("mlflow");
      upload = run(python, [program, String(megabytes)], { env });
      return async () => {
        const { run: id, sha256 } = JSON.parse(await upload) as { run: string; sha256: string };
        const folder = join(await folderOf(claims.artifacts), "0", id);
        const [file] = await Promise.all([
          run("sha256sum", [join(folder, "artifacts", "weights")]),
        ]);
        expect(file.split(" ")[0]).toBe(sha256);
        rmSync(folder, { recursive: true });
      };
    },
    happen: async () => {
      const folder = await folderOf(claims.artifacts);
      await waitUntil("a fifth of it has arrived", 120, () =>
        uploading(folder).some((bytes) => bytes > megabytes * 200_000),
      );
      await killContainers(/tracking_server server/);
      return Date.now();
    },
  };
}

/** Sizes of the files that are on their way into the artifact store. */
const uploading = (folder: string): number[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes(".artifact.uploading."))
    .map((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0);
