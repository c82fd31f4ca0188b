import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { environment } from "./platform.ts";

/**
 * Calls a function of `local/cluster` on the tests' own cluster. In a process of its own, because the cache folder is
 * taken from the environment.
 */
async function call(name: "startCluster" | "stopCluster" | "deleteCluster"): Promise<void> {
  const module = JSON.stringify(join(checkoutRoot, "local", "cluster", "index.ts"));
  const program = `(await import(${module})).${name}({ onProgress: (step) => console.log(step) })`;
  await run(
    join(checkoutRoot, "node_modules", ".bin", "node"),
    ["--input-type=module", "-e", `await ${program}; process.exit(0)`],
    { env: environment, onLine: (line) => console.error(`    ${line}`) },
  );
}

export const startTestCluster = () => call("startCluster");
export const deleteTestCluster = () => call("deleteCluster");
