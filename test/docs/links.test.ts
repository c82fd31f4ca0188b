import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pages } from "../../tools/docs/index.ts";
import { checkoutRoot } from "../../local/support/cache.ts";

const read = (page: string) => readFileSync(join(checkoutRoot, page), "utf8");
const withoutCode = (text: string) =>
  text.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "`");

/** Links and pictures of a text that lead somewhere in the checkout. */
const relativeLinks = (text: string) =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that GitHub gives to the headings of a page. */
const anchors = (text: string) =>
  [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );

function brokenLinks(page: string, text: string): string[] {
  return relativeLinks(text).filter((target) => {
    const [path, anchor] = target.split("#") as [string, string?];
    const file = path === "" ? page : join(dirname(page), path);
    if (!existsSync(join(checkoutRoot, file))) return true;
    return anchor !== undefined && !anchors(read(file)).includes(anchor);
  });
}

test.each(pages())("the links of %s lead somewhere", (page) => {
  expect(brokenLinks(page, read(page))).toEqual([]);
});

test("a link that leads nowhere would be found", () => {
  const text =
    "# One `two`\n[a](README.md) [b](nowhere.md) [c](#one-two) [d](#three) [e](https://e)";
  expect(relativeLinks(text)).toEqual(["README.md", "nowhere.md", "#one-two", "#three"]);
  expect(anchors(text)).toEqual(["one-two"]);
  expect(brokenLinks("README.md", "[a](README.md) [b](nowhere.md) [c](#no-such-heading)")).toEqual([
    "nowhere.md",
    "#no-such-heading",
  ]);
});
