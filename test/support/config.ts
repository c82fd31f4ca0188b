import { loadConfig, type PlatformConfig } from "../../program/config.ts";

/** The configuration of a stack that sets these keys, each as a user would write it. */
export const configOf = (
  given: Record<string, string> = {},
  { isSecret = true }: { isSecret?: boolean } = {},
): PlatformConfig =>
  loadConfig(
    { name: "mlops-platform", get: (key) => given[key], isSecret: () => isSecret },
    Object.keys(given).map((key) => `mlops-platform:${key}`),
  );
