import { type Comparison, tooLow } from "../../bench/comparison.ts";

/** A comparison whose median is `ratio` times as good as the other side. */
const comparison = (ratio: number, more: Partial<Comparison> = {}): Comparison => ({
  ...{ what: "requests", against: "the other", unit: "requests/s", moreIsBetter: true },
  ...{ ours: [ratio], theirs: [1], target: 4 },
  ...more,
});

test.each<[string, number, number | undefined, string[]]>([
  ["a reached target may be missed by a quarter", 3, 5, []],
  ["and not by more", 2.9, 5, ["requests: x 2.90 against the other, target x 4.00"]],
  [
    "a new figure has its target",
    2.9,
    undefined,
    ["requests: x 2.90 against the other, target x 4.00"],
  ],
  ["out of reach, it is compared with what was published", 1.6, 2, []],
  ["and may not fall behind it", 1.4, 2, ["requests: x 1.40 against the other, published x 2.00"]],
])("%s", (_case, ratio, before, lines) => {
  const published = before === undefined ? [] : [comparison(before)];
  expect(tooLow([comparison(ratio)], published)).toEqual(lines);
});

test("a figure without a target, or a modelled one, stops nothing", () => {
  const found = [comparison(0.1, { target: undefined }), comparison(0.1, { modelled: true })];
  expect(tooLow(found, [])).toEqual([]);
});
