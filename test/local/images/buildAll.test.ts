import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { buildAll } from "../../../local/images/buildAll.ts";
import { imageFor, inBuildOrder } from "../../../local/images/image.ts";

const images = inBuildOrder(
  (["model-diabetes-progression", "tracking", "predict"] as const).map((name) =>
    imageFor(name, "localhost/mlops"),
  ),
);

let events: string[];
let most: number;
let working: number;
beforeEach(() => {
  [events, most, working] = [[], 0, 0];
  jest.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

const build = async ({ name }: { name: string }, failing?: string) => {
  events.push(`${name} begins`);
  most = Math.max(most, (working += 1));
  await setImmediate();
  working -= 1;
  if (name === failing) throw new Error(`no ${name}`);
  await setImmediate();
  events.push(`${name} ends`);
};

test("images are built side by side, but none before the one below it", async () => {
  await buildAll(images, (image) => build(image));
  expect(most).toBeGreaterThanOrEqual(Math.min(2, availableParallelism()));
  expect(events).toHaveLength(8);
  const model = events.indexOf("model-diabetes-progression begins");
  expect(events.indexOf("serving ends")).toBeLessThan(model);
});

test("a failure is thrown when the other builds have ended, and no more are begun", async () => {
  const building = buildAll(images, (image) => build(image, "serving"));
  await expect(building).rejects.toThrow("no serving");
  expect(events).not.toContain("model-diabetes-progression begins");
  const begun = events.filter((event) => event.endsWith("begins"));
  const ended = events.filter((event) => event.endsWith("ends"));
  expect(ended).toHaveLength(begun.length - 1);
});
