import { relative } from "node:path";
import {
  pinsFile,
  removePins,
  reachScheduler,
  schedulerVariable,
  speaksTls,
  writePins,
} from "../daskNotebooks.ts";
import { envFile, notebookVariables, writeEnvFile } from "../envFile.ts";
import {
  type Endpoint,
  endpointsOf,
  isHealthy,
  reach,
  type Reached,
  variableOf,
} from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { endpointOf, modelsOf } from "../servedModels.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import type { Options } from "../commandLine.ts";

const dask = "Dask scheduler";

/** Localhost URLs for people and `.env` for notebooks. */
export async function connect(
  options: Options & { forward?: boolean; once?: boolean },
): Promise<number> {
  const { kubeconfig, deployment, outputs, settings } = await openPlatform(options);
  const models = modelsOf(outputs);
  const parts = endpointsOf(outputs);
  const hasDask = typeof outputs["daskSchedulerAddress"] === "string";
  const titles = [...parts, ...models.map(endpointOf)].map(({ title }) => title);
  const width = Math.max(...[...titles, ...(hasDask ? [dask] : [])].map(({ length }) => length));
  const reached: Reached[] = [];
  const silent: string[] = [];
  const way = {
    kubeconfig,
    namespace: deployment.namespace,
    onFailure: (reason: string) => console.error(`… ${reason}; trying again as you do`),
  };
  const shown = async (title: string, door: Reached, answers: () => Promise<boolean>) => {
    reached.push(door);
    if (door.isForwarded && !(await answers())) silent.push(title);
    console.log(`  ${title.padEnd(width)}  ${door.url}`);
    return door.url;
  };
  /** The endpoint's URL on this machine, which is printed. */
  const open = async (endpoint: Endpoint): Promise<string> => {
    const from = options.forward === true ? "forwarding" : "loopback";
    const door = await reach(endpoint, { ...way, from });
    return shown(endpoint.title, door, () => isHealthy(door.url, endpoint));
  };
  try {
    const urls: Record<string, string> = {};
    const servers: Record<string, string> = {};
    for (const part of parts) urls[variableOf(part.name)] = await open(part);
    for (const model of models) servers[model.name] = await open(endpointOf(model));
    if (hasDask) {
      const door = await reachScheduler(way);
      urls[schedulerVariable] = await shown(dask, door, () => speaksTls(door.url));
      writePins();
    } else removePins();
    writeEnvFile(envFile, settings.stack, notebookVariables(outputs, urls, servers));
    const user = `user ${String(outputs["mlflowUsername"])}`;
    console.log(`  ${relative(checkoutRoot, envFile)} has these URLs and the password of ${user}`);
    if (hasDask) {
      console.log(`  ${relative(checkoutRoot, pinsFile)} has the versions of the Dask cluster`);
    }
    const isForwarding = reached.some(({ isForwarded }) => isForwarded);
    if (options.once === true && !isForwarding) return 0;
    console.log(lastLine(isForwarding, silent));
    await interruption();
    return 0;
  } finally {
    await Promise.all(reached.map((door) => door.close()));
  }
}

/** What is said at last: that it is connected only where all that has to be forwarded answers. */
export function lastLine(isForwarding: boolean, silent: readonly string[]): string {
  if (!isForwarding) return "Press Ctrl-C to end; the URLs stay valid.";
  if (silent.length === 0) return "Connected; Ctrl-C ends it.";
  return `Nothing answers behind ${silent.join(", ")}: \`npm run doctor\` names the cause. The ports stay open; press Ctrl-C to end.`;
}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
    setInterval(() => {}, 60_000); // a pending promise alone does not keep Node running
  });
}
