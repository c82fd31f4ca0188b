import { randomHandler } from "../../../local/engine/random.ts";
import type { JsonObject } from "../../../local/engine/values.ts";

const work = { wait: () => {}, signal: new AbortController().signal };

async function generate(kind: string, inputs: JsonObject): Promise<JsonObject> {
  const type = `random:index/random${kind}:Random${kind}`;
  const resource = { type, name: "it", inputs } as Parameters<typeof randomHandler.apply>[0];
  return randomHandler.apply(resource, undefined, work);
}

const password = async (inputs: JsonObject) =>
  String((await generate("Password", inputs))["result"]);

test("a password has the length asked for, from all classes", async () => {
  const value = await password({ length: 400 });
  expect(value).toHaveLength(400);
  for (const characters of [/[a-z]/, /[A-Z]/, /[0-9]/, /[!@#$%&*()\-_=+[\]{}<>:?]/])
    expect(value).toMatch(characters);
  expect(await password({ length: 400 })).not.toBe(value);
});

test("classes can be left out, and the special characters chosen", async () => {
  expect(await password({ length: 200, special: false })).toMatch(/^[A-Za-z0-9]{200}$/);
  expect(
    await password({ length: 200, upper: false, numeric: false, overrideSpecial: "_" }),
  ).toMatch(/^[a-z_]{200}$/);
});

test("minima are kept", async () => {
  const inputs = { length: 8, minLower: 2, minUpper: 2, minNumeric: 2, minSpecial: 2 };
  for (let round = 0; round < 50; round += 1) {
    const value = await password(inputs);
    for (const characters of [/[a-z]/g, /[A-Z]/g, /[0-9]/g, /[^A-Za-z0-9]/g])
      expect(value.match(characters)).toHaveLength(2);
  }
});

test.each([
  [{ length: 3, minLower: 4 }, "it: length must be a whole number of at least 4"],
  [{ length: 0 }, "it: length must be a whole number of at least 1"],
  [
    { length: 4, lower: false, upper: false, numeric: false, special: false },
    "it: no characters are allowed",
  ],
])("%j is refused with a sentence", async (inputs, message) => {
  await expect(password(inputs)).rejects.toThrow(message);
});

test("an id is the same bytes in every notation", async () => {
  const { hex, b64Std, b64Url, dec } = await generate("Id", { byteLength: 8 });
  const value = Buffer.from(String(hex), "hex");
  expect(value).toHaveLength(8);
  expect([b64Std, b64Url]).toEqual([value.toString("base64"), value.toString("base64url")]);
  expect(dec).toBe(BigInt(`0x${String(hex)}`).toString());
});

test("a type it cannot generate is named, with those it can", () => {
  const registration = { type: "random:index/randomPet:RandomPet", name: "pet" };
  expect(() => randomHandler.check(registration as never, 1)).toThrow(
    /pet is a random:index\/randomPet:RandomPet.*RandomPassword, RandomString, RandomUuid, RandomId/,
  );
});
