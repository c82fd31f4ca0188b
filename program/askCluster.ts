/*
 * Prints what the cluster of a context shows of its ports, as JSON. A process of its own, for a program that has to
 * know before it declares its first resource and cannot wait.
 */
import { KubeConfig } from "@kubernetes/client-node";
import { askCluster } from "./clusterFacts.ts";
import { readKubeconfig } from "./kubeconfig.ts";

const [context = ""] = process.argv.slice(2);
try {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(JSON.stringify(readKubeconfig()), { onInvalidEntry: "filter" });
  kubeconfig.setCurrentContext(context);
  const facts = JSON.stringify(await askCluster(kubeconfig));
  // connections that are kept open would keep the process alive
  process.stdout.write(facts, () => process.exit(0));
} catch (error) {
  const { message, cause } = error as Error;
  console.error(cause instanceof Error ? `${message}: ${cause.message}` : message);
  process.exit(1);
}
