import { type Check, platformChecks } from "../verification.ts";
import {
  type EndpointName,
  endpoints,
  endpointsOf,
  reach,
  type Reached,
} from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { messageOf } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";

/** Proof on the running platform, step by step. */
export async function verify(options: Options): Promise<number> {
  const { kubeconfig, deployment, outputs, settings } = await openPlatform(options);
  const [modelName, { alias = "champion" }] = Object.entries(settings.config.models)[0]!;
  const doors = new Map<EndpointName, Reached>();
  try {
    for (const name of endpointsOf(outputs)) {
      const { namespace } = deployment;
      doors.set(name, await reach(endpoints[name], { kubeconfig, namespace, outputs }));
    }
    const url = (name: EndpointName) => doors.get(name)?.url;
    const needed = (name: EndpointName) => doors.get(name)!.url;
    const { checks, ...after } = platformChecks({
      tracking: needed("tracking"),
      serving: needed("serving"),
      prediction: needed("prediction"),
      prometheus: url("prometheus"),
      grafana: url("grafana"),
      username: String(outputs["mlflowUsername"]),
      password: String(outputs["mlflowPassword"]),
      modelName,
      modelAlias: alias,
    });
    const failed = await runChecks(checks);
    await after.cleanUp();
    const passed = checks.length - failed;
    console.log(`\n${passed} of ${checks.length} checks passed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await Promise.all([...doors.values()].map((door) => door.close()));
  }
}

/** Runs them one after the other, also after a failure: several symptoms tell more than the first. */
async function runChecks(checks: readonly Check[]): Promise<number> {
  let failed = 0;
  for (const check of checks) {
    const started = Date.now();
    const time = () => `(${((Date.now() - started) / 1000).toFixed(1)} s)`;
    try {
      const seen = await check.run();
      console.log(`✓ ${check.name} · ${seen} ${time()}`);
    } catch (error) {
      failed += 1;
      console.log(`✗ ${check.name} · ${messageOf(error)} ${time()}`);
      console.log(`  look at ${check.lookAt}`);
    }
  }
  return failed;
}
