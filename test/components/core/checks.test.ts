import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { ArgumentError } from "../../../components/index.ts";
import {
  ensure,
  isDnsLabel,
  isNodePort,
  isQuantity,
  isWholeNumber,
  refuse,
} from "../../../components/core/checks.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";

const positive = (value: pulumi.Input<number>) =>
  ensure('Thing "t"', "count", value, (count) => count > 0, "be above 0");
const sentence = 'Thing "t": count must be above 0';

test("a plain value is refused at once, by an error that the CLI prints without a stack", () => {
  expect(() => positive(0)).toThrow(new ArgumentError(sentence));
  expect(pulumi.RunError.isInstance(new ArgumentError(sentence))).toBe(true);
});

test("an output is refused as soon as it is known, and that ends the program", () => {
  const program = `
    import * as pulumi from "@pulumi/pulumi";
    import { ensure } from "./components/core/checks.ts";
    ensure('Thing "t"', "count", pulumi.output(0), (count) => count > 0, "be above 0");`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: checkoutRoot,
    encoding: "utf8",
  });
  expect(ended.status).not.toBe(0);
  expect(ended.stderr).toContain(`ArgumentError: ${sentence}`);
});

test("a good value passes through, a secret stays one", async () => {
  const checked = positive(pulumi.secret(3));
  expect(await new Promise((resolve) => void checked.apply(resolve))).toBe(3);
  expect(await pulumi.isSecret(checked)).toBe(true);
});

test("a combination is refused only when it occurs", () => {
  expect(() => refuse("Thing", false, "never")).not.toThrow();
  expect(() => refuse("Thing", true, "a and b exclude each other")).toThrow(
    new ArgumentError("Thing: a and b exclude each other"),
  );
});

test("whole numbers and node ports have two ends", () => {
  expect([0, 1, 5, 6, 1.5, Number.NaN].filter(isWholeNumber(1, 5))).toEqual([1, 5]);
  expect([29999, 30000, 32767, 32768].filter(isNodePort)).toEqual([30000, 32767]);
});

test("a DNS label is what Kubernetes takes for one", () => {
  const dnsLabel = fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/);
  fc.assert(fc.property(dnsLabel, isDnsLabel));
  expect(["", "1a", "a-", "A", "a.b", "a".repeat(64)].filter(isDnsLabel)).toEqual([]);
});

test("a quantity is a number of bytes with a binary unit", () => {
  const values = ["1Gi", "512Mi", "0Gi", "1", "1GB", "1.5Gi", "Gi"];
  expect(values.filter(isQuantity)).toEqual(["1Gi", "512Mi"]);
});
