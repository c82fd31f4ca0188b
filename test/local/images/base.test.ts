import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseDate, imageReference, renewBase } from "../../../program/images.ts";
import { buildWithBuildah } from "../../../local/images/buildahImages.ts";
import { imageFor } from "../../../local/images/image.ts";
import { baseAgeNotice } from "../../../cli/provideImages.ts";

let folder: string;
const path = process.env["PATH"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mlops-base-"));
  mkdirSync(join(folder, "bin"));
  const program = join(folder, "bin", "mmdebstrap");
  writeFileSync(program, `#!/bin/sh\necho made >> ${folder}/bases\n`);
  chmodSync(program, 0o755);
  process.env["PATH"] = `${join(folder, "bin")}:${path}`;
  jest.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  process.env["PATH"] = path;
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Builds with a store that holds the base already. Returns how often a base was made. */
async function basesMade(force: boolean): Promise<number> {
  const buildah = (args: readonly string[]) =>
    Promise.resolve(args[0] === "images" && args.at(-1)!.includes("mlops-base") ? "id" : "");
  const images = [imageFor("tracking", "localhost/mlops")];
  await buildWithBuildah({ folder, env: process.env, buildah }, images, force);
  try {
    return readFileSync(join(folder, "bases"), "utf8").split("made").length - 1;
  } catch {
    return 0;
  }
}

test("the day of the base is part of every tag, so that a renewed base rolls the pods", () => {
  const day = baseDate().replaceAll("-", "");
  for (const app of ["tracking", "serving", "predict", "postgres", "monitoring"] as const) {
    expect(imageReference(app)).toMatch(new RegExp(`:[0-9a-f]{12}-${day}$`));
  }
});

test("an existing base is used, and rebuilt with force", async () => {
  expect(await basesMade(false)).toBe(0);
  expect(await basesMade(true)).toBe(1);
});

test("a renewal notes the day", () => {
  const file = join(folder, "base-date");
  renewBase("2027-01-31", file);
  expect(readFileSync(file, "utf8")).toBe("2027-01-31\n");
});

test.each<[string, string | undefined]>([
  ["2027-01-30", undefined],
  ["2027-03-03", "The images' base is 32 days old; renew it with `npm run images -- --force`"],
])("on %s a base of 2027-01-30 is called old, or not", (today, sentence) => {
  const notice = baseAgeNotice("2027-01-30", Date.parse(today));
  if (sentence === undefined) expect(notice).toBeUndefined();
  else expect(notice).toContain(sentence);
});
