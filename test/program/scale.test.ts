import { alertRules } from "../../components/monitoring/alerts/index.ts";
import { runProgram } from "../support/program.ts";

const models = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`model-${at + 10}`, {}]));

/** How many resources a stack has, by type, and how long their inputs are. */
async function sizeOf(count: number) {
  const { resources } = await runProgram({ models: models(count) });
  const types: Record<string, number> = {};
  for (const { type } of resources) types[type] = (types[type] ?? 0) + 1;
  return { types, letters: JSON.stringify(resources.map(({ inputs }) => inputs)).length };
}

test("every further model adds the same objects, and about as much to the state", async () => {
  const [one, some, many] = [await sizeOf(1), await sizeOf(11), await sizeOf(21)];
  for (const [type, number] of Object.entries(some.types)) {
    expect([type, many.types[type]! - number]).toEqual([type, number - (one.types[type] ?? 0)]);
  }
  const grown = (many.letters - some.letters) / (some.letters - one.letters);
  expect(grown).toBeGreaterThan(0.95);
  expect(grown).toBeLessThan(1.05);
});

test("further models add no alert, only a name to one", () => {
  const rules = (count: number) =>
    alertRules({ models: Object.keys(models(count)) }).flatMap((group) => group.rules);
  const [few, many] = [rules(2), rules(200)];
  expect(many.map(({ alert }) => alert)).toEqual(few.map(({ alert }) => alert));
  const grown = many.filter(({ expr }, at) => expr !== few[at]!.expr);
  expect(grown.map(({ alert }) => alert)).toEqual(["ModelServerUnavailable"]);
});
