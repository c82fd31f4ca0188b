import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import {
  checkArguments,
  dnsLabel,
  faultsOf,
  flag,
  isDnsLabel,
  list,
  map,
  object,
  oneOf,
  quantity,
  required,
  type Rule,
  string,
  text,
  whole,
} from "../../../components/core/checks.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";

interface ThingArgs {
  networkId: string;
  hosts: string[];
  replicas?: pulumi.Input<number>;
  versioning?: boolean;
  kind?: string;
  labels?: { [key: string]: string };
  nested?: { replicas: number };
}

const thing: Rule = object<ThingArgs>(
  {
    networkId: required(text),
    hosts: required(list(text)),
    replicas: whole(1, 20),
    versioning: flag,
    kind: oneOf({ Blue: "blue", Green: "green" }),
    labels: map(string),
    nested: object<{ replicas: number }>({ replicas: required(whole(1, 3)) }),
  },
  (check, { replicas, versioning }) =>
    check.refuse(
      "replicas",
      replicas === 2 && versioning === true,
      `${check.pathOf("replicas")} must be 1 with ${check.pathOf("versioning")}; lower it`,
    ),
);

const good = { networkId: "vpc", hosts: ["a"] };
const check = (args: unknown) => checkArguments('Thing "t"', args, thing);

function errorOf(args: unknown): pulumi.InputPropertiesError {
  try {
    check(args);
  } catch (error) {
    return error as pulumi.InputPropertiesError;
  }
  throw new Error("nothing was refused");
}

test("all faults of a component are in one error of the SDK, one per line", () => {
  const error = errorOf({ ...good, replicas: 0, versioning: "yes" });
  expect(pulumi.InputPropertiesError.isInstance(error)).toBe(true);
  expect(error.errors).toEqual([
    { propertyPath: "replicas", reason: "replicas must be a whole number from 1 to 20" },
    { propertyPath: "versioning", reason: "versioning must be true or false" },
  ]);
  expect(error.message).toBe(
    [
      'Thing "t": replicas must be a whole number from 1 to 20',
      'Thing "t": versioning must be true or false',
    ].join("\n"),
  );
  // the CLI prints it without a stack
  expect(pulumi.RunError.isInstance(error)).toBe(true);
});

test.each<[name: string, args: unknown, reasons: string[]]>([
  ["nothing at all", undefined, ["networkId must be given", "hosts must be given"]],
  ["an empty identifier", { ...good, networkId: "" }, ["networkId must be given"]],
  ["null", { ...good, replicas: null }, ["replicas must be a whole number from 1 to 20"]],
  [
    "a number as text",
    { ...good, replicas: "2" },
    ["replicas must be a whole number from 1 to 20"],
  ],
  ["a text for a list", { ...good, hosts: "a" }, ["hosts must be a list"]],
  [
    "a hole in a list",
    { ...good, hosts: ["a", ""] },
    ["hosts[1] must be a string that is not empty; leave it out for the default"],
  ],
  ["a list for a map", { ...good, labels: ["a"] }, ["labels must be a map"]],
  ["a number in a map", { ...good, labels: { "a.b/c": 1 } }, ['labels["a.b/c"] must be a string']],
  ["a text for an object", { ...good, nested: "x" }, ["nested must be an object with replicas"]],
  [
    "a fault further down",
    { ...good, nested: { replicas: 4 } },
    ["nested.replicas must be a whole number from 1 to 3"],
  ],
  [
    "a value outside of the allowed set",
    { ...good, kind: "gren" },
    ['kind must be one of blue, green, not "gren"; the nearest is green'],
  ],
  [
    "a misspelt argument",
    { ...good, replica: 2 },
    ["replica is not an argument; did you mean replicas?"],
  ],
  [
    "a misspelt argument further down",
    { ...good, nested: { replicas: 1, replcas: 2 } },
    ["nested.replcas is not an argument; did you mean replicas?"],
  ],
  [
    "an argument with no similar name",
    { ...good, nested: { replicas: 1, colour: 2 } },
    ["nested.colour is not an argument; those are replicas"],
  ],
  [
    "a combination",
    { ...good, replicas: 2, versioning: true },
    ["replicas must be 1 with versioning; lower it"],
  ],
])("refuses %s", (_, args, reasons) => {
  expect(errorOf(args).errors.map(({ reason }) => reason)).toEqual(reasons);
});

test("accepts valid and absent arguments", () => {
  expect(() => check({ ...good, replicas: undefined, colour: undefined })).not.toThrow();
  expect(() =>
    check({ ...good, replicas: pulumi.output(3), nested: { replicas: 3 } }),
  ).not.toThrow();
});

test("an invalid output is refused as soon as it is known, which ends the program, and its value is never printed", () => {
  const program = `
    import * as pulumi from "@pulumi/pulumi";
    import { checkArguments, object, oneOf } from "./components/core/checks.ts";
    const kind = pulumi.secret("hunter2");
    checkArguments('Thing "t"', { kind }, object({ kind: oneOf({ Blue: "blue" }) }));`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: checkoutRoot,
    encoding: "utf8",
  });
  expect(ended.status).not.toBe(0);
  expect(ended.stderr).toContain('Error: Thing "t": kind must be one of blue\n');
  expect(ended.stderr).not.toContain("hunter2");
});

const accepts = (rule: Rule, ...values: unknown[]) =>
  values.filter((value) => faultsOf(value, rule).length === 0);

test("a DNS label is what Kubernetes accepts as one", () => {
  const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/);
  fc.assert(fc.property(label, isDnsLabel));
  expect(accepts(dnsLabel("mlops"), "", "1a", "a-", "A", "a.b", "a".repeat(64), null, 1)).toEqual(
    [],
  );
});

test("a quantity is a number of bytes with a binary unit", () => {
  const values = ["1Gi", "512Mi", "0Gi", "1", "1GB", "1.5Gi", "Gi", 8, null];
  expect(accepts(quantity("8Gi"), ...values)).toEqual(["1Gi", "512Mi"]);
});
