import { RuleTester } from "eslint";
import tseslint from "typescript-eslint";
import house from "../../tools/lint/index.ts";

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });

const component = (call: string) =>
  `class Thing extends pulumi.ComponentResource {
     constructor(name, args, opts) { check(args); ${call}; }
   }`;

tester.run("component-super", house.rules["component-super"], {
  valid: [
    component('super("mlops:index:Thing", name, args, opts)'),
    component('super("mlops:index:Thing", name, withSecret(args, "password"), opts)'),
    // not a component
    "class Thing extends Error { constructor(message) { super(message); } }",
  ],
  invalid: [
    'super("mlops:index:Thing", name, opts)',
    'super("mlops:index:Thing", name, {}, opts)',
    'super("mlops:index:Other", name, args, opts)',
  ].map((call) => ({
    code: component(call),
    errors: [{ messageId: "four", data: { token: '"mlops:index:Thing"' } }],
  })),
});

tester.run("no-resource-in-apply", house.rules["no-resource-in-apply"], {
  valid: [
    "new k8s.core.v1.Secret(`${name}-x`, { data: url.apply((text) => text) }, child)",
    "url.apply((text) => new URL(text))",
    "[1].map(() => new k8s.core.v1.Secret('x', {}))",
  ],
  invalid: [
    "url.apply((text) => new k8s.core.v1.Secret('x', { data: { text } }))",
    "pulumi.all([a]).apply(([b]) => { if (b) new Thing(`${name}-x`, {}, opts); })",
  ].map((code) => ({ code, errors: [{ messageId: "inApply" }] })),
});
