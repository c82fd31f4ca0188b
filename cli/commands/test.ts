import { join } from "node:path";
import { Option } from "commander";
import type { CommandDefinition } from "../commandLine.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { runInForeground } from "../../local/support/process.ts";

/** The test runner is no part of the platform: it lives with the tests. */
export const test: CommandDefinition<{ list?: boolean }> = {
  options: [new Option("--list", "List the stages")],
  positionals: "[stage...]",
  run: ({ list }, stages) =>
    runInForeground(process.execPath, [
      join(checkoutRoot, "test", "run.ts"),
      ...(list === true ? ["--list"] : stages),
    ]),
};
