import { relative } from "node:path";
import { envFile, notebookVariables, writeEnvFile } from "../envFile.ts";
import { endpoints, endpointsOf, reach, type Reached, variableOf } from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import type { Options } from "../commandLine.ts";

/** Localhost URLs for people and `.env` for notebooks. */
export async function connect(
  options: Options & { forward?: boolean; once?: boolean },
): Promise<number> {
  const { kubeconfig, deployment, outputs, settings } = await openPlatform(options);
  const reached: Reached[] = [];
  try {
    const urls: Record<string, string> = {};
    const { namespace } = deployment;
    const onFailure = (reason: string) => console.error(`… ${reason}; trying again as you do`);
    for (const name of endpointsOf(outputs)) {
      const door = await reach(endpoints[name], {
        kubeconfig,
        namespace,
        outputs,
        from: options.forward === true ? "forwarding" : "loopback",
        onFailure,
      });
      reached.push(door);
      urls[variableOf(endpoints[name])] = door.url;
      console.log(`  ${endpoints[name].title.padEnd(17)}${door.url}`);
    }
    writeEnvFile(envFile, settings.stack, notebookVariables(outputs, urls));
    const user = `user ${String(outputs["mlflowUsername"])}`;
    console.log(`  ${relative(checkoutRoot, envFile)} has these URLs and the password of ${user}`);
    const isForwarding = reached.some(({ isForwarded }) => isForwarded);
    if (options.once === true && !isForwarding) return 0;
    console.log(isForwarding ? "Connected; Ctrl-C ends it." : "Ctrl-C ends; the URLs stay.");
    await interruption();
    return 0;
  } finally {
    await Promise.all(reached.map((door) => door.close()));
  }
}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
    setInterval(() => {}, 60_000); // a pending promise alone does not keep Node running
  });
}
