import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeComponent } from "../../cli/commands/newComponent.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { typeErrors } from "../support/node.ts";

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "checkout-"));
  const parts = ["components", "local/support", "test/support", "test/runner", "program"];
  for (const part of [...parts, "package.json", "tsconfig.base.json", "jest.config.json"]) {
    cpSync(join(checkoutRoot, part), join(copy, part), {
      recursive: true,
      filter: (path) => !/\/(bin|node_modules)$/.test(path),
    });
  }
  // the folders that are only watched are not there
  const config = JSON.parse(readFileSync(join(copy, "jest.config.json"), "utf8")) as object;
  const roots = ["<rootDir>/test"];
  writeFileSync(join(copy, "jest.config.json"), JSON.stringify({ ...config, roots }));
  symlinkSync(join(checkoutRoot, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true }));

test.each([
  [undefined, /^name the component as its class, such as `npm run new:component FeatureStore`$/],
  ["feature-store", /, not feature-store$/],
  ["../Store", /, not \.\.\/Store$/],
  ["Ray", /^components\/ray exists already; choose another name$/],
])("%s is refused, and nothing is made", (name, sentence) => {
  const before = readdirSync(join(copy, "components"));
  expect(() => makeComponent(name, copy)).toThrow(sentence);
  expect(readdirSync(join(copy, "components"))).toEqual(before);
});

test("a new component compiles, and its own test passes", () => {
  const [, , testFile] = makeComponent("FeatureStore", copy);
  const extended = { extends: "./tsconfig.base.json", include: ["components/index.ts", testFile] };
  const compilerOptions = {
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ["node", "jest"],
  };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify({ ...extended, compilerOptions }));
  expect(typeErrors("-p", copy)).toBe("");
  const jest = join(checkoutRoot, "node_modules/jest/bin/jest.js");
  const { stderr } = spawnSync(process.execPath, [jest, "-i", testFile!], {
    cwd: copy,
    encoding: "utf8",
  });
  expect(stderr).toMatch(/Tests: +8 passed, 8 total/);
}, 600_000);
