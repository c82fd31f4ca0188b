import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { UserError } from "../support/errors.ts";
import type { Handler } from "./handler.ts";
import { plain, textAt } from "./values.ts";
import type { Json, JsonObject } from "./values.ts";

type Generator = (inputs: JsonObject, name: string) => JsonObject;

const generators: Record<string, Generator> = {
  "random:index/randomPassword:RandomPassword": text,
  "random:index/randomString:RandomString": text,
  "random:index/randomUuid:RandomUuid": () => ({ result: randomUUID() }),
  "random:index/randomId:RandomId": bytes,
};

/** Random values are generated once and live in the state; any changed input makes a new one. */
export const randomHandler: Handler = {
  check({ type, name, inputs }) {
    if (generators[type]) return inputs;
    const known = Object.keys(generators).map((token) => token.split(":").at(-1));
    throw new UserError(
      `${name} is a ${type}, which the built-in engine cannot generate; use ${known.join(", ")}, or install the Pulumi CLI`,
    );
  },
  replacement: (_old, changes) => ({
    because: changes.map(({ path }) => String(path[0])),
    deleteFirst: false,
  }),
  foresee: (inputs) => inputs,
  inspect: () => Promise.resolve("sound"),
  refuseExisting: () => Promise.resolve(),
  async apply({ type, name, inputs }) {
    return { ...inputs, ...generators[type]?.(plain(inputs) as JsonObject, name) };
  },
  idOf: (_resource, outputs) => textAt(outputs, "b64Url") ?? textAt(outputs, "result") ?? "none",
  remove: () => Promise.resolve(),
};

const lower = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";

/** A text as the random provider makes it: the minima of each class first, then any allowed character, shuffled. */
function text(inputs: JsonObject, name: string): JsonObject {
  const special = textAt(inputs, "overrideSpecial") || "!@#$%&*()-_=+[]{}<>:?";
  const classes = [
    { characters: lower, allowed: inputs["lower"] ?? true, minimum: inputs["minLower"] },
    {
      characters: lower.toUpperCase(),
      allowed: inputs["upper"] ?? true,
      minimum: inputs["minUpper"],
    },
    {
      characters: digits,
      allowed: inputs["numeric"] ?? inputs["number"] ?? true,
      minimum: inputs["minNumeric"],
    },
    { characters: special, allowed: inputs["special"] ?? true, minimum: inputs["minSpecial"] },
  ];
  const length = Number(inputs["length"]);
  const pool = classes.map(({ characters, allowed }) => (allowed ? characters : "")).join("");
  const result = classes.flatMap(({ characters, minimum }) => pick(characters, numberOf(minimum)));
  if (!Number.isInteger(length) || length < Math.max(1, result.length))
    throw new UserError(
      `${name}: length must be a whole number of at least ${Math.max(1, result.length)}, the sum of its min* arguments`,
    );
  if (pool === "")
    throw new UserError(
      `${name}: no characters are allowed; allow lower, upper, numeric or special`,
    );
  result.push(...pick(pool, length - result.length));
  return { result: shuffled(result).join("") };
}

function bytes(inputs: JsonObject): JsonObject {
  const value = randomBytes(Number(inputs["byteLength"]));
  const prefix = textAt(inputs, "prefix") ?? "";
  return {
    hex: prefix + value.toString("hex"),
    dec: prefix + BigInt(`0x${value.toString("hex")}`).toString(),
    b64Std: prefix + value.toString("base64"),
    b64Url: prefix + value.toString("base64url"),
  };
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}

function pick(characters: string, count: number): string[] {
  return Array.from({ length: count }, () => characters.charAt(randomInt(characters.length)));
}

function shuffled(items: string[]): string[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [items[last], items[other]] = [items[other] ?? "", items[last] ?? ""];
  }
  return items;
}
