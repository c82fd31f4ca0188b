import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { environment } from "./platform.ts";

/**
 * Calls a function of `local/cluster` on the tests' own cluster. In its own process, because the cache folder is
 * taken from the environment.
 */
async function call(
  name: "startCluster" | "stopCluster" | "deleteCluster",
  cache?: string,
): Promise<void> {
  const module = JSON.stringify(join(checkoutRoot, "local", "cluster", "index.ts"));
  const program = `(await import(${module})).${name}({ onProgress: (step) => console.log(step) })`;
  await run(
    join(checkoutRoot, "node_modules", ".bin", "node"),
    ["--input-type=module", "-e", `await ${program}; process.exit(0)`],
    {
      env: { ...environment, ...(cache && { MLOPS_CACHE_DIR: cache }) },
      // jest puts the code around what goes through its console
      onLine: (line) => process.stderr.write(`    ${line}\n`),
    },
  );
}

export const startTestCluster = () => call("startCluster");
export const stopTestCluster = () => call("stopCluster");
/** @param cache the cache folder that it is in, where that is another one than of most tests */
export const deleteTestCluster = (cache?: string) => call("deleteCluster", cache);
