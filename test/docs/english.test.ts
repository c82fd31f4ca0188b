import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

/** Forms that read translated, and what the documentation of the field writes in their place. */
const refused: [form: RegExp, better: string][] = [
  [/\bmend(s|ed|ing)?\b/i, "fix"],
  [/\banew\b/i, "again; rebuild, replace"],
  // not as a name: "nobody", nobody:nogroup, net-anybody-to-mlflow
  [
    /(?<!["'@-])\b(nobody|somebody|anybody|everybody|whoever)\b(?!["':-])/i,
    "no client, a user, another process",
  ],
  [/\bbesides?\b/i, "next to, in addition to"],
  [/\b(is|are|be|was|were) told\b/i, "is notified, is configured, gets the message"],
  [/\b(cannot|can) be had\b/i, "is not available, cannot be fetched"],
  [/\b(whole way|arguments do not reach)\b/i, "end-to-end; Escape hatch"],
  [/\bone's own\b/i, "dedicated, separate, your"],
  [/\b(without a word|in silence)\b/i, "silently"],
  [/\b(goes on|(taken|cut) back|gone round)\b/i, "continues, keeps; reverted, restored; bypassed"],
  [/\bbecomes? of\b/i, "happens to, the outcome"],
  [/\b(is|are) there (already|twice)\b|\bthere any more\b/i, "already exists, appears twice, gone"],
  [/\b(works|trains) as it is\b/i, "a working template; without changes"],
  [/\b(was|were) not taken(?! over)\b/i, "was rejected"],
  [/\b(of before|for ever|tried again|if need be)\b/i, "previous; forever; retried; optionally"],
  [/\b(shown|told) to whom\b/i, "who can see it"],
];

const tracked = (...patterns: string[]) =>
  execFileSync("git", ["ls-files", ...patterns], { cwd: checkoutRoot, encoding: "utf8" })
    .trim()
    .split("\n");

/** Pages, notebooks, descriptions of settings and arguments. */
const texts = tracked("*.md", "notebooks/*.ipynb", "Pulumi*.yaml", "components/schema.json");

/** Everything else that has errors, log lines and comments, except this file. */
const sources = tracked(
  ...["*.ts", "*.js", "*.mjs", "*.py", "*.go", "*.sh", "*.yml", "*.yaml", "*Dockerfile"],
  ":!test/docs/english.test.ts",
);

const faultsIn = (text: string) =>
  text
    .split("\n")
    .flatMap((line, at) =>
      refused
        .filter(([form]) => form.test(line))
        .map(([form, better]) => `line ${at + 1}: "${form.exec(line)![0]}"; write ${better}`),
    );

test.each(texts)("%s is written in the field's own words", (path) => {
  expect(faultsIn(readFileSync(join(checkoutRoot, path), "utf8"))).toEqual([]);
});

test("so are messages and comments of the sources", () => {
  const found = sources.flatMap((path) =>
    faultsIn(readFileSync(join(checkoutRoot, path), "utf8")).map((fault) => `${path}: ${fault}`),
  );
  expect(found).toEqual([]);
});

test("a form that reads translated would be found", () => {
  expect(faultsIn("fine\nMend it and nobody is told.")).toEqual([
    'line 2: "Mend"; write fix',
    'line 2: "nobody"; write no client, a user, another process',
    'line 2: "is told"; write is notified, is configured, gets the message',
  ]);
});
