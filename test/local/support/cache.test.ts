import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cacheRoot, claimCache, removeCache } from "../../../local/support/cache.ts";

const before = process.env;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mlops-cache-"));
  process.env = { ...before };
  delete process.env["MLOPS_CACHE_DIR"];
});

afterEach(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
});

const write = (...words: string[]) => {
  const file = join(folder, ...words);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "precious");
  return file;
};

test("a folder of the user keeps its own bin, images, node and tests", () => {
  process.env["MLOPS_CACHE_DIR"] = folder;
  const files = ["bin", "images", "node", "tests", "cluster"].map((part) => write(part, "file"));
  mkdirSync(join(claimCache(), "images"));
  removeCache();
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(existsSync(cacheRoot())).toBe(false);
});

test("a folder with the name of the cache that was created by others is neither used nor deleted", () => {
  process.env["MLOPS_CACHE_DIR"] = folder;
  const file = write("mlops-platform", "bin", "file");
  expect(() => claimCache()).toThrow(
    `the cache folder ${cacheRoot()} holds files that this project did not create (there is no .mlops-cache in it); ` +
      "move it away, or set MLOPS_CACHE_DIR to another folder",
  );
  removeCache();
  expect(existsSync(file)).toBe(true);
});

test("a checkout at the default path of the cache is neither used nor deleted", () => {
  process.env["XDG_CACHE_HOME"] = folder;
  const files = [write("mlops-platform", "bin", "x"), write("mlops-platform", "package.json")];
  expect(() => claimCache()).toThrow(/holds files that this project did not create/);
  removeCache();
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});

test("other files next to the parts of a cache stay", () => {
  process.env["MLOPS_CACHE_DIR"] = folder;
  const root = claimCache();
  write("mlops-platform", "helm", "helm-1");
  write("mlops-platform", "notes.txt");
  removeCache();
  expect(readdirSync(root)).toEqual(["notes.txt"]);
});

test("a default cache of an earlier version stays in use and can be deleted", () => {
  process.env["XDG_CACHE_HOME"] = folder;
  const built = write("mlops-platform", "bin", "0123", "kubernetes");
  expect(claimCache()).toBe(join(folder, "mlops-platform"));
  expect(existsSync(built)).toBe(true);
  removeCache();
  expect(readdirSync(folder)).toEqual([]);
});
