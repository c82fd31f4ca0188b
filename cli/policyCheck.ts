import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rules } from "../policy/rules/index.ts";
import { runProgram } from "../local/engine/index.ts";
import { isObject, type JsonObject, unknownValue } from "../local/support/propertyValues.ts";
import {
  type DeclaredResource,
  isRefused,
  type PolicyConfig,
  policyReport,
  type Verdict,
  verdictsOn,
} from "../ci/brokenPolicies.ts";
import { loadSettings, type Settings } from "./stackSettings.ts";
import type { Options } from "./commandLine.ts";
import { checkoutRoot } from "../local/support/cache.ts";
import { UserError } from "../local/support/errors.ts";

/** Where the pack's settings are kept; the workflows hand the same file to the Pulumi CLI. */
const configFile = join(checkoutRoot, "policy", "config.json");

/**
 * What the policy pack says of a stack's program, whichever engine deploys it. The program runs in this process, and
 * once: nothing is asked of a cluster or of Google, so that all it learns of them is unknown.
 */
export function judgeStack(
  settings: Settings,
  isLocal: boolean,
  { except = [] }: Options,
): Promise<Verdict[]> {
  const excepted = except.map(knownPolicy);
  return judged(settings, isLocal).then((verdicts) =>
    verdicts.map((verdict) =>
      excepted.includes(verdict.policy) ? { ...verdict, level: "advisory" } : verdict,
    ),
  );
}

async function judged({ stack, overrides }: Settings, isLocal: boolean): Promise<Verdict[]> {
  const { project, values, secretKeys } = loadSettings(stack, overrides);
  const resources: DeclaredResource[] = [];
  await runProgram({
    project: project.name,
    stack,
    preview: true,
    config: values,
    secretKeys,
    load: () =>
      import(pathToFileURL(join(checkoutRoot, project.main)).href) as Promise<
        Record<string, unknown>
      >,
    register: (resource) => {
      resources.push(resource);
      return Promise.resolve({ id: "", outputs: foreseen(resource.inputs) });
    },
  });
  const given = JSON.parse(readFileSync(configFile, "utf8")) as PolicyConfig;
  return verdictsOn(resources, stack, isLocal ? withLocalStack(given, stack) : given);
}

function knownPolicy(name: string): string {
  if (rules.some((rule) => rule.name === name)) return name;
  const names = rules.map((rule) => rule.name).join(", ");
  throw new UserError(`--except ${name} names no policy; the policies are ${names}`);
}

/** What an object will have is what it is declared with, and a name if it is given none. */
function foreseen(inputs: JsonObject): JsonObject {
  const { metadata } = inputs;
  return isObject(metadata) ? { ...inputs, metadata: { name: unknownValue, ...metadata } } : inputs;
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
