import { join } from "node:path";
import { clusterFolder, linkCache, reasonToSkip } from "../e2e/support/platform.ts";
import { deleteTestCluster, startTestCluster } from "../e2e/support/testCluster.ts";
import type { Outcome } from "./outcome.ts";
import { skipped } from "./static.ts";

/** Runs tests that need an API server, and nothing deployed, on the tests' own cluster. */
export async function withTestCluster(
  work: (env: NodeJS.ProcessEnv) => Promise<Outcome>,
): Promise<Outcome> {
  const reason = reasonToSkip();
  if (reason !== undefined) return skipped(`no local cluster for tests: ${reason}`);
  linkCache();
  try {
    await startTestCluster();
    return await work({ MLOPS_TEST_KUBECONFIG: join(clusterFolder, "kubeconfig") });
  } finally {
    await deleteTestCluster();
  }
}
