/* The platform's own program, as Pulumi runs it with the file of a stack. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkoutRoot } from "../local/support/cache.ts";
import { textOf } from "../program/setting.ts";
import type { Program } from "./pulumiMonitor.ts";

export function platformProgram(stack: string): Program {
  const text = readFileSync(join(checkoutRoot, `Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const given = { ...config, "mlops-platform:gcpProject": "bench-project" };
  const settings = Object.entries(given).map(([key, value]) => [key, textOf(value)] as const);
  return { folder: checkoutRoot, typescript: false, config: Object.fromEntries(settings) };
}
