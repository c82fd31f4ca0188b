import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { kubeconfigOrRefusal } from "./cluster.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import type { PlatformConfig } from "./settings.ts";
import {
  choosePorts,
  leavesPortsOpen,
  type PortFacts,
  portFacts,
  portFaults,
  unseen,
} from "./ports.ts";

/**
 * The configuration with every port of the nodes decided. What the stack leaves open depends on the cluster, which is
 * asked for it; the npm commands have decided before they start the program.
 * @throws pulumi.RunError where another stack or program has a port, before anything is registered.
 */
export function withPorts(config: PlatformConfig): PlatformConfig {
  const facts = leavesPortsOpen(config) ? factsOf(config) : unseen(false);
  const faults = portFaults(config, facts);
  if (faults.length > 0) {
    throw new pulumi.RunError(
      `ports of the cluster are taken; change the stack's settings:\n  - ${faults.join("\n  - ")}`,
    );
  }
  return { ...config, ...choosePorts(config, facts) };
}

function factsOf({ kubeContext }: PlatformConfig): PortFacts {
  const context = kubeContext ?? kubeconfigOrRefusal()["current-context"];
  // a preview needs no cluster
  if (context === undefined) return unseen(false);
  const script = fileURLToPath(new URL("./askCluster.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, context], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) {
    return portFacts(JSON.parse(stdout) as ClusterFacts);
  }
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  const sentence = `cannot read the ports of the context ${context} (${reason})`;
  if (!pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError(
      `${sentence}; check the cluster, or set trackingNodePort, predictionNodePort, grafanaNodePort, nodeExporterPort and nodePort of the first of models`,
    );
  }
  void pulumi.log.warn(`${sentence}: this preview opens no port of its nodes`);
  return unseen(false);
}
