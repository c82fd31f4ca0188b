import type { PolicyConfigSchema } from "@pulumi/policy";
import type { Values } from "./values.ts";

/** A resource as a rule sees it, with `unknown` for what is known only after the update. */
export interface SeenResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Name of the stack that it belongs to. */
  readonly stack: string;
  readonly values: Values;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
}

/** A fault, as the end of a sentence that starts with the resource: what is wrong; how to fix it. */
export type Fault = string;

interface RuleText {
  /** Name of the policy in the configuration. */
  readonly name: string;
  /** The rule in one sentence. */
  readonly description: string;
  /** `mandatory` refuses the update, `advisory` only warns. */
  readonly level: "mandatory" | "advisory";
  readonly configSchema?: PolicyConfigSchema;
}

/** A rule about single resources: it is checked before the resource is created. */
export interface ResourceRule extends RuleText {
  check(resource: SeenResource, config: Values): Fault[];
}

/** A rule about the stack as a whole: it is checked when all resources are known. */
export interface StackRule extends RuleText {
  checkStack(resources: readonly SeenResource[], config: Values): Found[];
}

export type Rule = ResourceRule | StackRule;

export const isStackRule = (rule: Rule): rule is StackRule => "checkStack" in rule;

interface Found {
  resource?: SeenResource;
  fault: Fault;
}

/** The faults that a rule of either kind finds. */
export const faultsOf = (
  rule: Rule,
  resources: readonly SeenResource[],
  config: Values,
): Found[] =>
  isStackRule(rule)
    ? rule.checkStack(resources, config)
    : resources.flatMap((resource) =>
        rule.check(resource, config).map((fault) => ({ resource, fault })),
      );

export const sentenceOf = ({ resource, fault }: Found): string =>
  resource ? `${kindOf(resource.type)} "${resource.name}": ${fault}` : fault;

/** `gcp:storage/bucket:Bucket` → `Bucket`. */
export const kindOf = (type: string): string => type.split(":").at(-1) ?? type;
