import { join } from "node:path";
import type { Command } from "../arguments.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { runInForeground } from "../../local/support/process.ts";

/** The test runner is no part of the platform: it lives with the tests. */
export const test: Command = {
  options: { list: { type: "boolean", help: "List the stages" } },
  positionals: true,
  positionalsHelp: "STAGE ...",
  run: (values, stages) =>
    runInForeground(process.execPath, [
      join(checkoutRoot, "test", "run.ts"),
      ...(values["list"] === true ? ["--list"] : stages),
    ]),
};
