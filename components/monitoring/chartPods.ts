import type { StringMap } from "../kubernetes/arguments.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";
import { containerResources, containerSecurity } from "../kubernetes/pods.ts";
import { type ChartValues, given } from "./chartValues.ts";

/** What charts leave open in their containers: all that Pod Security `restricted` asks for beside a user. */
export const chartContainerSecurity = {
  ...containerSecurity,
  seccompProfile: { type: "RuntimeDefault" },
};

/** Labels and annotations that the caller wants on every pod, under the names that all charts have for them. */
export const podMetadata = (args: { labels?: StringMap; annotations?: StringMap }): ChartValues =>
  given({ podLabels: args.labels, podAnnotations: args.annotations });

/** No pod where the release is paused; else as many as the chart has by itself, under the chart's name for them. */
export const replicas = ({ paused }: { paused?: boolean }, key: string): ChartValues =>
  paused ? { [key]: 0 } : {};

/** Resources of a small helper: most of the time it waits. */
export function helperResources(
  memoryRequest: string,
  memoryLimit: string,
  own?: ContainerResourcesArgs,
) {
  const defaults = { cpuRequest: "10m", cpuLimit: "500m", memoryRequest, memoryLimit };
  return containerResources(defaults, own);
}
