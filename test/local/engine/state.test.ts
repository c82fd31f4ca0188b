import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StackState } from "../../../local/engine/state.ts";

const folder = mkdtempSync(join(tmpdir(), "engine-state-"));
const path = join(folder, "dev.json");
afterAll(() => rmSync(folder, { recursive: true }));

test("what was saved is read again, by its owner only, and nothing is left next to it", () => {
  const state = new StackState(path);
  expect(state.isEmpty).toBe(true);
  state.outputs = { uri: "http://example.org" };
  state.save();
  expect(new StackState(path).outputs).toEqual({ uri: "http://example.org" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["dev.json"]);
});

test.each([
  ["half a file", '{"version": 1, "resou', /JSON/],
  ["a newer version", '{"version": 2}', /its version is 2, this engine reads version 1/],
])("%s is refused with the ways out, and not taken for an empty state", (_what, text, why) => {
  writeFileSync(path, text);
  expect(() => new StackState(path)).toThrow(why);
  expect(() => new StackState(path)).toThrow(/restore it from a backup.* npm run recover/);
});
