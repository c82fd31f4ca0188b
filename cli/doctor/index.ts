import { capacityChecks } from "./capacity.ts";
import type { Check } from "./check.ts";
import { clusterChecks } from "./cluster.ts";
import { googleChecks } from "./google.ts";
import { modelChecks } from "./models.ts";
import { monitoringChecks } from "./monitoring.ts";
import { toolChecks } from "./tools.ts";
import { trackingChecks } from "./tracking.ts";
import { workloadChecks } from "./workloads.ts";

/** Every check, from the outside in. */
export const checks: readonly Check[] = [
  ...toolChecks,
  ...clusterChecks,
  ...capacityChecks,
  ...workloadChecks,
  ...trackingChecks,
  ...modelChecks,
  ...monitoringChecks,
  ...googleChecks,
];
