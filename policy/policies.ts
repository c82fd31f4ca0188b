import type {
  Policies,
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import {
  isStackRule,
  kindOf,
  type Rule,
  type ResourceRule,
  type SeenResource,
  type StackRule,
} from "./rule.ts";
import { rules } from "./rules/index.ts";
import { plain, type Values } from "./values.ts";

/** Every rule, as the policy SDK wants it. */
export const policies: Policies = rules.map((rule) =>
  isStackRule(rule) ? stackPolicy(rule) : resourcePolicy(rule),
);

function resourcePolicy(rule: ResourceRule): ResourceValidationPolicy {
  return {
    ...heading(rule),
    validateResource: (args, report) => {
      const resource = seen(args);
      for (const fault of rule.check(resource, args.getConfig())) report(sentence(resource, fault));
    },
  };
}

function stackPolicy(rule: StackRule): StackValidationPolicy {
  return {
    ...heading(rule),
    validateStack: (args, report) => {
      const found = rule.checkStack(args.resources.map(seen), args.getConfig());
      for (const { resource, fault } of found) {
        if (resource) report(sentence(resource, fault), resource.urn);
        else report(fault);
      }
    },
  };
}

function heading({ name, description, level, configSchema }: Rule) {
  return {
    name,
    description,
    enforcementLevel: level,
    ...(configSchema ? { configSchema } : {}),
  };
}

function seen(resource: ResourceValidationArgs | PolicyResource): SeenResource {
  const { type, name, urn, props, opts } = resource;
  const stack = urn.split(":")[2] ?? "";
  return { type, name, urn, stack, values: plain(props) as Values, protect: opts.protect };
}

function sentence({ type, name }: SeenResource, fault: string): string {
  return `${kindOf(type)} "${name}": ${fault}`;
}
