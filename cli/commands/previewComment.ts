import { readFileSync, writeFileSync } from "node:fs";
import { previewComment as commentOn } from "../../ci/comment.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { readPlan } from "../../ci/plan.ts";
import { Option } from "commander";
import type { CommandDefinition } from "../commandLine.ts";
import { repeatable } from "../options.ts";
import { messageOf, UserError } from "../../local/support/errors.ts";

interface CommentOptions {
  plan?: string;
  running?: string;
  policies?: string;
  acknowledge?: string[];
  output?: string;
}

/** The comment for a pull request, made of files: it asks nobody and needs no credentials. */
export const previewComment: CommandDefinition<CommentOptions> = {
  options: [
    new Option("--stack <name>", "Stack that the plan is for. Default: dev"),
    new Option("--plan <file>", "What `pulumi preview --json --show-sames` printed"),
    new Option(
      "--running <file>",
      "The same with `--config paused=false`, for the saving of a paused stack",
    ),
    new Option("--policies <file>", "What the policy pack printed"),
    repeatable(
      "--acknowledge <name>",
      "Resource whose data may be lost, `*` for all; may be given several times",
    ),
    new Option("--output <file>", "Where to write it. Default: standard output"),
  ],
  async run({ stack = "dev", acknowledge: acknowledged = [], output, ...files }) {
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
  },
};

function read(option: string, path?: string): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`--${option} cannot be read: ${messageOf(error)}`);
  }
}
