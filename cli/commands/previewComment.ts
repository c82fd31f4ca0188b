import { readFileSync, writeFileSync } from "node:fs";
import { previewComment as commentOn } from "../../ci/comment.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { readPlan } from "../../ci/plan.ts";
import { messageOf, UserError } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";

interface CommentOptions {
  plan?: string;
  running?: string;
  policies?: string;
  acknowledge?: string[];
  output?: string;
}

/** Builds the comment for a pull request from files only, without questions or credentials. */
export async function previewComment({
  stack = "dev",
  acknowledge: acknowledged = [],
  output,
  ...files
}: Options & CommentOptions): Promise<number> {
  const text = read("plan", files.plan);
  if (text === undefined) {
    throw new UserError(
      "--plan is needed; make the file with `pulumi preview --json --show-sames > plan.json`",
    );
  }
  const running = read("running", files.running);
  const { markdown, refusals } = commentOn(readPlan(text), {
    stack,
    acknowledged,
    policies: read("policies", files.policies),
    running: running === undefined ? undefined : plannedCosts(readPlan(running)).now,
  });
  if (output === undefined) process.stdout.write(markdown);
  else writeFileSync(output, markdown);
  refusals.forEach((sentence) => console.error(`✗ ${sentence}`));
  return refusals.length === 0 ? 0 : 1;
}

function read(option: string, path?: string): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`--${option} cannot be read: ${messageOf(error)}`);
  }
}
