import type {
  Policies,
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { faultsOf, isStackRule, type Rule, type SeenResource, sentenceOf } from "./rule.ts";
import { rules } from "./rules/index.ts";
import { plain, type Values } from "./values.ts";

const resourcePolicy = (rule: Rule): ResourceValidationPolicy => ({
  ...heading(rule),
  validateResource: (args, report) => {
    for (const found of faultsOf(rule, [seen(args)], args.getConfig())) report(sentenceOf(found));
  },
});

const stackPolicy = (rule: Rule): StackValidationPolicy => ({
  ...heading(rule),
  validateStack: (args, report) => {
    for (const found of faultsOf(rule, args.resources.map(seen), args.getConfig())) {
      report(sentenceOf(found), found.resource?.urn);
    }
  },
});

const heading = ({ name, description, level, configSchema }: Rule) => ({
  name,
  description,
  enforcementLevel: level,
  ...(configSchema && { configSchema }),
});

function seen(resource: ResourceValidationArgs | PolicyResource): SeenResource {
  const { type, name, urn, props, opts } = resource;
  const stack = urn.split(":")[2] ?? "";
  return { type, name, urn, stack, values: plain(props) as Values, protect: opts.protect };
}

/** Every rule, as the policy SDK wants it. */
export const policies: Policies = rules.map((rule) =>
  isStackRule(rule) ? stackPolicy(rule) : resourcePolicy(rule),
);
