import fs, { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StackState } from "../../../local/engine/state.ts";

const folder = mkdtempSync(join(tmpdir(), "engine-state-"));
const path = join(folder, "dev.json");
afterAll(() => rmSync(folder, { recursive: true }));

test("a saved state is read again, by its owner only, and no other file is left next to it", async () => {
  const state = new StackState(path);
  expect(state.isEmpty).toBe(true);
  state.outputs = { uri: "http://example.org" };
  await state.save();
  expect(new StackState(path).outputs).toEqual({ uri: "http://example.org" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["dev.json"]);
});

test("concurrent resources share a write, which contains the changes of each", async () => {
  const state = new StackState(path);
  const rename = jest.spyOn(fs, "renameSync");
  const steps = Array.from({ length: 1000 }, async (_, step) => {
    state.outputs = { ...state.outputs, [`step-${step}`]: true };
    await state.save();
  });
  await Promise.all(steps);
  expect(rename).toHaveBeenCalledTimes(1);
  expect(Object.keys(new StackState(path).outputs)).toHaveLength(1001);
  rename.mockRestore();
});

test("what a run left that was killed while it wrote goes with the state", async () => {
  const state = new StackState(path);
  const killed = jest.spyOn(fs, "renameSync").mockImplementationOnce(() => {
    throw new Error("killed");
  });
  await expect(state.save()).rejects.toThrow("killed");
  killed.mockRestore();
  expect(readdirSync(folder)).toHaveLength(2);
  new StackState(path).remove();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["half a file", '{"version": 1, "resou', /JSON/],
  ["a newer version", '{"version": 2}', /its version is 2, this engine reads version 1/],
])("%s is refused with the ways out, and not taken for an empty state", (_what, text, why) => {
  writeFileSync(path, text);
  expect(() => new StackState(path)).toThrow(why);
  expect(() => new StackState(path)).toThrow(/restore it from a backup.* `npm run recover`/);
});
