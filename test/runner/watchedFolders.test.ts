import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const tests = join(__dirname, "..");
const { roots } = JSON.parse(readFileSync(join(tests, "../jest.config.json"), "utf8")) as {
  roots: string[];
};

test("jest watches every folder that a test imports from", () => {
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const imported = files.flatMap((file) => {
    const outside = "../".repeat(file.split("/").length);
    const text = readFileSync(join(tests, file), "utf8");
    return [...text.matchAll(/from "((?:\.\.\/)+)(\w+)\//g)]
      .filter(([, up]) => up === outside)
      .map(([, , folder]) => `<rootDir>/${folder}`);
  });
  expect(roots).toEqual(expect.arrayContaining([...new Set(imported)]));
});
