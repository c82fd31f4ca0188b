import { randomInt, randomUUID } from "node:crypto";
import { UserError } from "../support/errors.ts";
import { type JsonObject, plain, textAt } from "../support/propertyValues.ts";
import { type Handler, passthrough } from "./handler.ts";

const uuid = "random:index/randomUuid:RandomUuid";
const password = "random:index/randomPassword:RandomPassword";

/** Random values are generated once and live in the state; any changed input makes a new one. */
export const randomHandler: Handler = {
  ...passthrough,
  check({ type, name, inputs }) {
    if (type !== uuid && type !== password)
      throw new UserError(
        `${name} is a ${type}, which the built-in engine cannot generate; use RandomPassword or RandomUuid, or install the Pulumi CLI`,
      );
    const unknown = Object.keys(inputs).find((key) => !known.includes(key));
    if (unknown !== undefined)
      throw new UserError(
        `${name}: the built-in engine does not support ${unknown} of a random value; leave it out, or install the Pulumi CLI`,
      );
    return inputs;
  },
  replacement: (_old, changes) => ({
    because: changes.map(({ path }) => String(path[0])),
    deleteFirst: false,
  }),
  async apply({ type, name, inputs }) {
    const result = type === uuid ? randomUUID() : generated(plain(inputs) as JsonObject, name);
    return { ...inputs, result };
  },
  idOf: (_resource, outputs) => textAt(outputs, "result") ?? "none",
};

/** The characters of a password by the input that allows them; all are allowed by default. */
const classes: Record<string, string> = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
};
const known = ["length", "keepers", ...Object.keys(classes)];

function generated(inputs: JsonObject, name: string): string {
  const pool = Object.keys(classes)
    .map((key) => (inputs[key] === false ? "" : classes[key]))
    .join("");
  const length = Number(inputs["length"]);
  if (!Number.isInteger(length) || length < 1)
    throw new UserError(`${name}: length must be a whole number of at least 1`);
  if (pool === "")
    throw new UserError(
      `${name}: no characters are allowed; allow lower, upper, numeric or special`,
    );
  return Array.from({ length }, () => pool.charAt(randomInt(pool.length))).join("");
}
