import { administrator } from "../mlflow.ts";
import { type Check, platformChecks, Skipped } from "../verification.ts";
import {
  type Endpoint,
  type EndpointName,
  endpointsOf,
  reach,
  type Reached,
} from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { endpointOf, modelsOf, type StackModel } from "../servedModels.ts";
import { atMost } from "../../local/support/atMost.ts";
import { messageOf } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";

const modelsAtOnce = 20;

/** Proof on the running platform, step by step. */
export async function verify(options: Options): Promise<number> {
  const { kubeconfig, deployment, outputs } = await openPlatform(options);
  const reached: Reached[] = [];
  const open = async (endpoint: Endpoint): Promise<string> => {
    const door = await reach(endpoint, { kubeconfig, namespace: deployment.namespace });
    reached.push(door);
    return door.url;
  };
  try {
    const urls: Partial<Record<EndpointName, string>> = {};
    for (const part of endpointsOf(outputs)) urls[part.name] = await open(part);
    const models = await atMost(
      modelsAtOnce,
      modelsOf(outputs),
      async (model): Promise<StackModel> => ({
        ...model,
        servingUrl: await open(endpointOf(model)),
      }),
    );
    const { tracking, prediction, prometheus, grafana } = urls;
    const { checks, ...after } = platformChecks({
      tracking: tracking!,
      prediction: prediction!,
      models,
      prometheus,
      grafana,
      username: String(outputs["mlflowUsername"]),
      password: String(outputs["mlflowPassword"]),
      administrator: administrator(tracking!, outputs),
    });
    const { passed, failed, skipped } = await runChecks(checks);
    await after.cleanUp();
    const count = `${passed} of ${passed + failed} checks passed`;
    console.log(`\n${count}${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    return failed === 0 ? 0 : 1;
  } finally {
    await Promise.all(reached.map((door) => door.close()));
  }
}

interface Ended {
  readonly isSkipped: boolean;
  readonly error?: unknown;
  /** What was seen, and for how long; or what went wrong. */
  readonly text: string;
}

/**
 * Runs them one after the other, also after a failure: several symptoms tell more than the first. Those of models run
 * side by side, for each waits until Prometheus has read its server.
 */
export async function runChecks(checks: readonly Check[]) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const print = (check: Check, { isSkipped, error, text }: Ended) => {
    counts[isSkipped ? "skipped" : error ? "failed" : "passed"] += 1;
    console.log(`${isSkipped ? "-" : error ? "✗" : "✓"} ${check.name} · ${text}`);
    if (error && !isSkipped) console.log(`  look at ${check.lookAt}`);
  };
  const ofModels = checks.filter(({ isOfModel }) => isOfModel);
  for (const check of checks) {
    if (!check.isOfModel) print(check, await ended(check));
    else if (check === ofModels[0]) {
      await atMost(modelsAtOnce, ofModels, async (one) => print(one, await ended(one)));
    }
  }
  return counts;
}

async function ended(check: Check): Promise<Ended> {
  const started = Date.now();
  const time = () => `(${((Date.now() - started) / 1000).toFixed(1)} s)`;
  try {
    return { isSkipped: false, text: `${await check.run()} ${time()}` };
  } catch (error) {
    const isSkipped = error instanceof Skipped;
    const text = isSkipped ? error.message : `${messageOf(error)} ${time()}`;
    return { isSkipped, error, text };
  }
}
