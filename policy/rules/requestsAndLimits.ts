import { containerName, containersOf } from "../podSpecs.ts";
import type { ResourceRule } from "../rule.ts";
import { at } from "../values.ts";

/** Without a CPU limit only other pods slow a container down; without a memory limit it can exhaust its node. */
const needed = [
  ["requests", "cpu"],
  ["requests", "memory"],
  ["limits", "memory"],
] as const;

export const requestsAndLimits: ResourceRule = {
  name: "requests-and-limits",
  description: "Every container has CPU and memory requests and a memory limit.",
  level: "mandatory",
  check: (resource) =>
    containersOf(resource).flatMap((container) => {
      const missing = needed.filter((path) => {
        const found = at(container, "resources", ...path);
        return found === undefined || found === null || found === "";
      });
      return missing.length === 0
        ? []
        : [
            `${containerName(container)} has no ${missing.map((path) => path.join(".")).join(", ")}; set resources`,
          ];
    }),
};
