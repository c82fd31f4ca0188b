import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { node } from "./engineRun.ts";

const local = resolve(__dirname, "../../../local");

/** Runs a few lines of ESM on the project's own Node: jest itself can only load CommonJS. */
function evaluate(script: string, ...args: string[]): string {
  return execFileSync(node, ["--input-type=module", "-e", script, "--", ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** The kubeconfig of a cluster for tests: a given one, or the local cluster when it runs. */
function testKubeconfig(): string | undefined {
  if (process.env["MLOPS_TEST_KUBECONFIG"]) return process.env["MLOPS_TEST_KUBECONFIG"];
  try {
    const status = evaluate(`
      const { clusterStatus } = await import(${JSON.stringify(`${local}/cluster/index.ts`)});
      const { state, kubeconfig } = await clusterStatus();
      if (state === "running") process.stdout.write(kubeconfig);`);
    return status || undefined;
  } catch {
    return undefined; // no local cluster on this platform
  }
}

/** Tests that need a cluster; without one they are counted as skipped, and say what they would need. */
export function describeOnCluster(title: string, tests: (kubeconfig: string) => void): void {
  const kubeconfig = testKubeconfig();
  const reason = " (skipped: set MLOPS_TEST_KUBECONFIG, or start the local cluster)";
  if (kubeconfig) describe(title, () => tests(kubeconfig));
  else describe.skip(`${title}${reason}`, () => tests(""));
}

/** One request to the API server, answered as JSON; undefined when there is no such object. */
export function api(kubeconfig: string, method: string, path: string, body?: object): any {
  const answer = evaluate(
    `
    const { KubernetesClient } = await import(${JSON.stringify(`${local}/support/kubernetesClient.ts`)});
    const [kubeconfig, method, path, body] = process.argv.slice(1);
    const client = await KubernetesClient.connect({ kubeconfig });
    const type = "application/merge-patch+json";
    const answer = await client.request(method, path, body && JSON.parse(body), type).catch((error) => {
      if (error.status !== 404) throw error;
      return null;
    });
    process.stdout.write(JSON.stringify(answer), () => process.exit(0));`,
    ...[kubeconfig, method, path, ...(body ? [JSON.stringify(body)] : [])],
  );
  return JSON.parse(answer) ?? undefined;
}
