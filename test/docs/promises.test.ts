import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

/*
 * Every sentence of "What is promised" in SECURITY.md is proved by a test that names it, in a comment right above:
 * `SECURITY.md:` and the sentence, over as many lines as it takes. A test may name several, a sentence have several tests.
 */

const read = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");

/** The sentences of a list in Markdown, each on one line. */
const sentencesOf = (list: string) =>
  list
    .split(/^- /m)
    .map((item) => item.replaceAll(/\s+/g, " ").trim())
    .flatMap((item) => item.split(/(?<=\.) (?=[A-Z`])/))
    .filter((sentence) => sentence !== "");

/** What the comments of a test file name, and the line of code below. */
function named(source: string): { sentences: string[]; above: string }[] {
  const blocks = source.matchAll(/((?:^[ \t]*(?:\/\/|#) .*\n)+)(.*)/gm);
  return [...blocks].flatMap(([, comment, above]) => {
    const text = comment!.replaceAll(/^[ \t]*(?:\/\/|#) /gm, "").replaceAll(/\s+/g, " ");
    const sentences = text.split("SECURITY.md: ").slice(1);
    return sentences.length === 0
      ? []
      : [{ sentences: sentences.map((one) => one.trim()), above: above! }];
  });
}

const isTest = (line: string) => /^\s*(test|describe|def test_|@pytest\.)/.test(line);

const [, section] = /^## What is promised\n([\s\S]*?)^## /m.exec(read("SECURITY.md"))!;
const promised = sentencesOf(section!);
const tests = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "test", "apps"], {
  cwd: checkoutRoot,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => /\.(ts|py)$/.test(path))
  .flatMap((path) => named(read(path)).map((found) => ({ path, ...found })));

test("every promise has a test that names it", () => {
  const proved = new Set(tests.flatMap(({ sentences }) => sentences));
  expect(promised.filter((sentence) => !proved.has(sentence))).toEqual([]);
  expect(promised.length).toBeGreaterThan(20);
});

test("what a test names is promised", () => {
  const gone = tests.flatMap(({ path, sentences }) =>
    sentences.filter((sentence) => !promised.includes(sentence)).map((one) => `${path}: ${one}`),
  );
  expect(gone).toEqual([]);
});

test("a promise is named right above a test", () => {
  expect(tests.filter(({ above }) => !isTest(above))).toEqual([]);
});

test("sentences are split, and found in comments of either language", () => {
  expect(sentencesOf("- One,\n  `a.b` too. Two.\n- `c` is the third.\n")).toEqual([
    "One, `a.b` too.",
    "Two.",
    "`c` is the third.",
  ]);
  const marker = "SECURITY.md";
  expect(named(`// ${marker}: One,\n// two. ${marker}: Three.\ntest("x")`)).toEqual([
    { sentences: ["One, two.", "Three."], above: 'test("x")' },
  ]);
  expect(named(`    # why\n    # ${marker}: One.\n    def test_x()`)).toEqual([
    { sentences: ["One."], above: "    def test_x()" },
  ]);
});
