import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../policy/rules/index.ts";
import {
  type DeclaredResource,
  isRefused,
  type PolicyConfig,
  policyReport,
  type Verdict,
  verdictsOn,
} from "../ci/brokenPolicies.ts";
import type { Settings } from "./stackSettings.ts";
import type { Options } from "./commandLine.ts";
import { checkoutRoot } from "../local/support/cache.ts";
import { UserError } from "../local/support/errors.ts";

/** Where the pack's settings are kept; the workflows hand the same file to the Pulumi CLI. */
const configFile = join(checkoutRoot, "policy", "config.json");

/** What the policy pack says of what a stack's program declares. */
export function judgeStack(
  declaring: Promise<readonly DeclaredResource[]>,
  { stack }: Pick<Settings, "stack">,
  isLocal: boolean,
  { except = [] }: Options,
): Promise<Verdict[]> {
  const excepted = except.map(knownPolicy);
  const given = JSON.parse(readFileSync(configFile, "utf8")) as PolicyConfig;
  const config = isLocal ? withLocalStack(given, stack) : given;
  return declaring.then((resources) =>
    verdictsOn(resources, stack, config).map((verdict) =>
      excepted.includes(verdict.policy) ? { ...verdict, level: "advisory" } : verdict,
    ),
  );
}

function knownPolicy(name: string): string {
  if (rules.some((rule) => rule.name === name)) return name;
  const names = rules.map((rule) => rule.name).join(", ");
  throw new UserError(`--except ${name} names no policy; the policies are ${names}`);
}

/** Waits for the verdicts, shows them, and throws where one refuses the update. */
export async function obeyPolicies(judging: Promise<Verdict[]>): Promise<void> {
  const verdicts = await judging;
  if (isRefused(verdicts)) {
    throw new UserError(
      `policies refuse this deployment; change the stack's settings, except a policy for this run with --except, or set the rules in policy/config.json\n${policyReport(verdicts)}`,
    );
  }
  if (verdicts.length > 0) console.error(policyReport(verdicts));
}

/** On a cluster of this machine, only its own users reach the ports of a node. */
function withLocalStack(config: PolicyConfig, stack: string): PolicyConfig {
  const rule = "open-service";
  const { localStacks = [], ...rest } = (config[rule] ?? {}) as { localStacks?: string[] };
  return typeof config[rule] === "string"
    ? config
    : { ...config, [rule]: { ...rest, localStacks: [...localStacks, stack] } };
}
