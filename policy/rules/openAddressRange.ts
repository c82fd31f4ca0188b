import { coverInternet } from "../addresses.ts";
import type { ResourceRule } from "../rule.ts";
import { textsIn } from "../values.ts";

/** Keys whose ranges limit where a pod or a packet may go and let no client in. */
const outward = ["egress", "destRange", "destinationRanges", "except"];

export const openAddressRange: ResourceRule = {
  name: "open-address-range",
  description: "No rule lets in the whole internet: 0.0.0.0/0, ::/0, or ranges that add up to it.",
  level: "mandatory",
  check({ values }) {
    const inward = [...textsIn(values)].filter(
      ([path]) => !path.some((key) => outward.includes(key)),
    );
    return [...Map.groupBy(inward, ([path]) => path.join("."))]
      .map(([path, entries]) => [path, entries.map(([, text]) => text)] as const)
      .filter(([, texts]) => coverInternet(texts))
      .map(
        ([path, texts]) =>
          `${path} lets in ${texts.join(", ")}, which is the whole internet; name the ranges that need it`,
      );
  },
};
