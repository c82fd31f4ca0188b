import type { ResourceRule } from "../rule.ts";
import { textsIn } from "../values.ts";

const everywhere = ["0.0.0.0/0", "::/0"];
/** Where the range says how far a pod or a packet may go, and lets nobody in. */
const outward = ["egress", "destRange", "destinationRanges"];

export const openAddressRange: ResourceRule = {
  name: "open-address-range",
  description: "Nothing lets in every address there is (0.0.0.0/0 or ::/0).",
  level: "mandatory",
  check: ({ values }) =>
    [...textsIn(values)]
      .filter(
        ([path, text]) => everywhere.includes(text) && !path.some((key) => outward.includes(key)),
      )
      .map(
        ([path, text]) =>
          `${path.join(".")} lets in ${text}, which is everybody; name the ranges that need it`,
      ),
};
