import type { PlatformConfig } from "../../program/config.ts";

/** For each key: what an empty stack gets, a value that is taken and what it becomes, and those that are refused. */
export interface Row<Key extends keyof PlatformConfig> {
  otherwise: PlatformConfig[Key];
  takes: Record<string, PlatformConfig[Key]>;
  refuses: string[];
  /** Settings without which this one means nothing. */
  with?: Record<string, string>;
  rule: string;
  /** Whether messages keep what was written to themselves. */
  isSecret?: boolean;
}

export const ranges = {
  otherwise: [],
  takes: { "": [], "198.51.100.0/24, 203.0.113.7/32": ["198.51.100.0/24", "203.0.113.7/32"] },
  refuses: ["198.51.100.7", "office", "198.51.100.0/24;203.0.113.7/32"],
  rule: "be networks such as 198.51.100.0/24, separated by commas",
};

export const onOff = {
  takes: { true: true, false: false },
  refuses: ["", "yes", "1", "True"],
  rule: "be true or false",
};
