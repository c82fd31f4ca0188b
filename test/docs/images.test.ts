import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { versions } from "../../components/core/versions.ts";
import { checkoutRoot } from "../../local/support/cache.ts";

const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: checkoutRoot, encoding: "utf8" })
  .split("\0")
  .filter((path) => path !== "");
const read = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");

/** What a Dockerfile starts from or copies from, other than its own stages and arguments. */
function foreignImages(dockerfile: string): string[] {
  const stages = [...dockerfile.matchAll(/^FROM .* AS (\S+)$/gim)].map((match) => match[1]!);
  const named = dockerfile.matchAll(/^(?:FROM |ARG BASE=|COPY .*--from=)(\S+)/gim);
  return [...named]
    .map((match) => match[1]!)
    .filter((image) => !image.startsWith("$") && !stages.includes(image));
}

const pinned = /^[^\s@]+:[^\s@]+@sha256:[0-9a-f]{64}$/;

// SECURITY.md: Every npm package, Node itself, every Python package of an image and every Go module
// is locked by a hash, and every base and login image by a digest.
test.each(tracked.filter((path) => /(^|\/)Dockerfile$/.test(path)))(
  "%s starts from images that cannot change under its feet",
  (path) => {
    const images = foreignImages(read(path));
    expect(images.filter((image) => !pinned.test(image))).toEqual([]);
    // an argument without a default is one of our own images, which the builder gives
    const onOwnImage = /^ARG BASE$/m.test(read(path));
    expect(images.length > 0).toBe(!onOwnImage);
  },
);

// SECURITY.md: Every npm package, Node itself, every Python package of an image and every Go module
// is locked by a hash, and every base and login image by a digest.
test("the images of others that run next to ours cannot change either", () => {
  const images = Object.values(versions).filter((version) => version.includes("/"));
  expect(images).toHaveLength(2);
  expect(images.filter((image) => !pinned.test(image))).toEqual([]);
});

test("an image without a digest would be found", () => {
  expect(foreignImages("ARG BASE=python:3.11\nFROM ${BASE} AS build\nFROM build")).toEqual([
    "python:3.11",
  ]);
  expect(pinned.test("python:3.11")).toBe(false);
  expect(pinned.test(`python:3.11@sha256:${"0".repeat(64)}`)).toBe(true);
});

test("nothing is deployed or recommended by a mutable tag", () => {
  const floating = tracked
    .filter((path) => /\.(ts|mjs|ya?ml|md|sh|py|json)$|Dockerfile$/.test(path))
    // these say what is refused
    .filter((path) => !/^test\/|\/tests\/|package-lock\.json$|^config\.ts$/.test(path))
    .filter((path) => /[\w/]:latest\b/.test(read(path)));
  expect(floating).toEqual([]);
});
