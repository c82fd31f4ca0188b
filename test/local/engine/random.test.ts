import { randomHandler } from "../../../local/engine/random.ts";
import type { JsonObject } from "../../../local/support/propertyValues.ts";

const work = { wait: () => {}, signal: new AbortController().signal };

async function generate(kind: string, inputs: JsonObject): Promise<JsonObject> {
  const type = `random:index/random${kind}:Random${kind}`;
  const resource = { type, name: "it", inputs } as Parameters<typeof randomHandler.apply>[0];
  return randomHandler.apply(resource, work);
}

const password = async (inputs: JsonObject) =>
  String((await generate("Password", inputs))["result"]);

test("a password has the requested length, with characters of all classes", async () => {
  const value = await password({ length: 400 });
  expect(value).toHaveLength(400);
  for (const characters of [/[a-z]/, /[A-Z]/, /[0-9]/, /[!@#$%&*()\-_=+[\]{}<>:?]/])
    expect(value).toMatch(characters);
  expect(await password({ length: 400 })).not.toBe(value);
});

test("classes can be left out", async () => {
  expect(await password({ length: 200, special: false })).toMatch(/^[A-Za-z0-9]{200}$/);
  expect(await password({ length: 200, upper: false, numeric: false, special: false })).toMatch(
    /^[a-z]{200}$/,
  );
});

test.each([
  [{ length: 0 }, "it: length must be a whole number of at least 1"],
  [
    { length: 4, lower: false, upper: false, numeric: false, special: false },
    "it: no characters are allowed",
  ],
])("%j is refused with a sentence", async (inputs, message) => {
  await expect(password(inputs)).rejects.toThrow(message);
});

test("every uuid is different", async () => {
  const [one, other] = [await generate("Uuid", {}), await generate("Uuid", {})];
  expect(one["result"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(one).not.toEqual(other);
});

test.each([
  ["randomPet:RandomPet", {}, /RandomPet, which the built-in engine cannot .* use RandomPassword/],
  ["randomPassword:RandomPassword", { minLower: 4 }, /does not support minLower of a random value/],
])("what %s with %j asks for and it cannot give is refused", (kind, inputs, message) => {
  const registration = { type: `random:index/${kind}`, name: "it", inputs };
  expect(() => randomHandler.check(registration as never, 1)).toThrow(message);
});
