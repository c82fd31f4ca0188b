import { faultsOf, type Rule, sentenceOf } from "../policy/rule.ts";
import { rules } from "../policy/rules/index.ts";
import { isValues, unknown, type Values } from "../policy/values.ts";
import { type JsonObject, plain, unknownValue } from "../local/support/propertyValues.ts";

/** A violation that the pack finds in one resource, or in the stack as a whole. */
export interface Verdict {
  readonly policy: string;
  readonly level: "mandatory" | "advisory";
  /** The resource, what is wrong with it, and the fix. */
  readonly sentence: string;
}

export interface DeclaredResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: JsonObject;
  readonly protect: boolean;
}

/** Settings of the pack in the form of `policy/config.json`. */
export type PolicyConfig = { readonly [rule: string]: unknown };

/** Judges resources by every rule that the settings do not switch off. */
export function verdictsOn(
  resources: readonly DeclaredResource[],
  stack: string,
  config: PolicyConfig,
): Verdict[] {
  const seen = resources.map(({ inputs, ...resource }) => ({
    ...resource,
    stack,
    values: withUnknowns(plain(inputs)) as Values,
  }));
  return rules.flatMap((rule) => {
    const level = levelOf(rule, config);
    const given = config[rule.name];
    const faults = level === "disabled" ? [] : faultsOf(rule, seen, isValues(given) ? given : {});
    return faults.map(
      (found) => ({ policy: rule.name, level, sentence: sentenceOf(found) }) as Verdict,
    );
  });
}

/** The verdicts as text for a terminal; those that refuse the update come first. */
export function policyReport(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return "Policies: nothing to report";
  const [broken, others] = (["mandatory", "advisory"] as const).map((level) =>
    verdicts.filter((verdict) => verdict.level === level),
  ) as [Verdict[], Verdict[]];
  return [
    `Policies: ${broken.length} broken, ${others.length} advisory`,
    ...broken.map(({ policy, sentence }) => `  ✗ ${policy}: ${sentence}`),
    ...others.map(({ policy, sentence }) => `  · ${policy}: ${sentence}`),
  ].join("\n");
}

export const isRefused = (verdicts: readonly Verdict[]): boolean =>
  verdicts.some(({ level }) => level === "mandatory");

/** A level, as plain text or among a rule's settings; the policy engine accepts both. */
function levelOf({ name, level }: Rule, config: PolicyConfig): string {
  const given = config[name] ?? config["all"];
  const chosen = isValues(given) ? given["enforcementLevel"] : given;
  return typeof chosen === "string" ? chosen : level;
}

function withUnknowns(value: unknown): unknown {
  if (value === unknownValue) return unknown;
  if (Array.isArray(value)) return value.map(withUnknowns);
  if (!isValues(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withUnknowns(inner)]),
  );
}
