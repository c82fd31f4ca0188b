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
import { messageOf } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";

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
    const models: StackModel[] = [];
    for (const model of modelsOf(outputs)) {
      models.push({ ...model, servingUrl: await open(endpointOf(model)) });
    }
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

/** Runs them one after the other, also after a failure: several symptoms tell more than the first. */
async function runChecks(checks: readonly Check[]) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) {
    const started = Date.now();
    const time = () => `(${((Date.now() - started) / 1000).toFixed(1)} s)`;
    try {
      const seen = await check.run();
      counts.passed += 1;
      console.log(`✓ ${check.name} · ${seen} ${time()}`);
    } catch (error) {
      if (error instanceof Skipped) {
        counts.skipped += 1;
        console.log(`- ${check.name} · ${error.message}`);
        continue;
      }
      counts.failed += 1;
      console.log(`✗ ${check.name} · ${messageOf(error)} ${time()}`);
      console.log(`  look at ${check.lookAt}`);
    }
  }
  return counts;
}
