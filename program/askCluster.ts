/*
 * Prints what the cluster of a context shows of its ports, as JSON. A separate process, for a program that has to
 * know before it declares its first resource and cannot wait.
 */
import { clientConfig } from "./clientConfig.ts";
import { askCluster, reasonOf } from "./clusterFacts.ts";

const [context = ""] = process.argv.slice(2);
try {
  const facts = JSON.stringify(await askCluster(clientConfig(undefined, context)));
  // connections that are kept open would keep the process alive
  process.stdout.write(facts, () => process.exit(0));
} catch (error) {
  console.error(reasonOf(error));
  process.exit(1);
}
