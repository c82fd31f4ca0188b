import { type ChartValues, given } from "./chartValues.ts";
import type { StringMap } from "./metadata.ts";
import { type ContainerResourcesArgs, containerResources, containerSecurity } from "./pods.ts";

const seccomp = { seccompProfile: { type: "RuntimeDefault" } };

/** For charts that leave a container open: what Pod Security `restricted` asks for, and a root nobody can write to. */
export const chartContainerSecurity = { ...containerSecurity, ...seccomp };

/** For charts whose pods name a user but no seccomp profile. The official images run as `nobody`. */
export const nobodySecurity = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  fsGroup: 65534,
  ...seccomp,
};

/** Labels and annotations that the caller wants on every pod, under the names that all charts have for them. */
export const podMetadata = (args: { labels?: StringMap; annotations?: StringMap }): ChartValues =>
  given({ podLabels: args.labels, podAnnotations: args.annotations });

/** Resources of a small helper: most of the time it waits. */
export function helperResources(
  memoryRequest: string,
  memoryLimit: string,
  own?: ContainerResourcesArgs,
) {
  const defaults = { cpuRequest: "10m", cpuLimit: "500m", memoryRequest, memoryLimit };
  return containerResources(defaults, own);
}
