import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { runInForeground } from "../../local/support/process.ts";

/** The test runner is no part of the platform: it lives with the tests. */
export const test = ({ list }: { list?: boolean }, stages: string[]): Promise<number> =>
  runInForeground(process.execPath, [
    join(checkoutRoot, "test", "run.ts"),
    ...(list === true ? ["--list"] : stages),
  ]);
