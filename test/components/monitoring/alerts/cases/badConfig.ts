import type { Firing, Run } from "./case.ts";

/** A gauge that is 1 while the last configuration was good. */
export const badConfig = (metric: string, firing: Firing): Run[] => [
  {
    when: "a new configuration is refused, and fixed",
    series: { [metric]: "1x4 0x60 1x40" },
    quiet: ["10m", "16m45s"],
    fires: { "11m30s": [firing] },
  },
  { when: "the configuration is good", series: { [metric]: "1x60" }, quiet: ["0m", "15m"] },
];
