import { readFileSync, writeFileSync } from "node:fs";
import { previewComment as commentOn } from "../../ci/comment.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { readPlan } from "../../ci/plan.ts";
import { type Command, textOf, textsOf } from "../arguments.ts";
import { messageOf, UserError } from "../../local/support/errors.ts";

/** The comment for a pull request, made of files: it asks nobody and needs no credentials. */
export const previewComment: Command = {
  options: {
    stack: { type: "string", value: "NAME", help: "Stack that the plan is for. Default: dev" },
    plan: {
      type: "string",
      value: "FILE",
      help: "What `pulumi preview --json --show-sames` printed",
    },
    running: {
      type: "string",
      value: "FILE",
      help: "The same with `--config paused=false`, for the saving of a paused stack",
    },
    policies: { type: "string", value: "FILE", help: "What the policy pack printed" },
    acknowledge: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "Resource whose data may be lost, `*` for all; may be given several times",
    },
    output: { type: "string", value: "FILE", help: "Where to write it. Default: standard output" },
  },
  async run(values) {
    const file = (option: string): string | undefined => {
      const path = textOf(values[option]);
      return path === undefined ? undefined : read(option, path);
    };
    const text = file("plan");
    if (text === undefined) {
      throw new UserError(
        "--plan is needed; make the file with `pulumi preview --json --show-sames > plan.json`",
      );
    }
    const running = file("running");
    const { markdown, refusals } = commentOn(readPlan(text), {
      stack: textOf(values["stack"]) ?? "dev",
      acknowledged: textsOf(values["acknowledge"]),
      policies: file("policies"),
      running: running === undefined ? undefined : plannedCosts(readPlan(running)).now,
    });
    const output = textOf(values["output"]);
    if (output === undefined) process.stdout.write(markdown);
    else writeFileSync(output, markdown);
    refusals.forEach((sentence) => console.error(`✗ ${sentence}`));
    return refusals.length === 0 ? 0 : 1;
  },
};

function read(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`--${option} cannot be read: ${messageOf(error)}`);
  }
}
