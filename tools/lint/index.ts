import type { Rule } from "eslint";
import type { CallExpression, Class, NewExpression } from "estree";

/*
 * ESLint rules of this project: each prevents a mistake that compiles, runs, and fails later.
 */

/**
 * A resource that is made inside `apply` is missing from every preview in which the value is not known yet. A
 * resource is what is made of a name and an object.
 */
const noResourceInApply: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "no resource is created inside `apply`" },
    messages: {
      inApply: "create the resource outside `apply` and pass the output to it as an input",
    },
    schema: [],
  },
  create: (context) => ({
    NewExpression(node: NewExpression) {
      const [name, args] = node.arguments;
      const isResource =
        (name?.type === "Literal" || name?.type === "TemplateLiteral") &&
        args?.type === "ObjectExpression";
      const around = context.sourceCode.getAncestors(node);
      if (isResource && around.some((outer) => isApply(outer as CallExpression))) {
        context.report({ node, messageId: "inApply" });
      }
    },
  }),
};

const isApply = ({ type, callee }: CallExpression) =>
  type === "CallExpression" &&
  callee.type === "MemberExpression" &&
  callee.property.type === "Identifier" &&
  callee.property.name === "apply";

/**
 * `super(type, name, opts)` compiles and silently drops parent, providers and `protect`: the options are the fourth
 * argument. The type is the one under which other languages find the class.
 */
const componentSuper: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "components call super with type, name, args and opts" },
    messages: {
      four: "call `super({{token}}, name, args, opts)`: with fewer arguments the options are lost",
    },
    schema: [],
  },
  create: (context) => ({
    "ClassDeclaration[superClass.property.name='ComponentResource'] CallExpression[callee.type='Super']"(
      node: CallExpression,
    ) {
      const around = context.sourceCode.getAncestors(node);
      const owner = around.find((outer) => outer.type === "ClassDeclaration") as Class;
      const token = `"mlops:index:${owner.id?.name}"`;
      const given = node.arguments.map((argument) => context.sourceCode.getText(argument));
      // what is confidential among the arguments is recorded encrypted
      if (given[2]?.startsWith("withSecret(args, ")) given[2] = "args";
      if (given.join() !== [token, "name", "args", "opts"].join()) {
        context.report({ node, messageId: "four", data: { token } });
      }
    },
  }),
};

export default {
  rules: { "no-resource-in-apply": noResourceInApply, "component-super": componentSuper },
};
