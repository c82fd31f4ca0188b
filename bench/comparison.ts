/* What a benchmark found, as `npm run bench` shows and keeps it; comparison.py writes the same. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";

/** Two things measured in turn: the values at the same place are of one pair. */
export interface Comparison {
  what: string;
  against: string;
  /** Such as `s` or `requests/s`. */
  unit: string;
  ours: number[];
  theirs: number[];
  moreIsBetter: boolean;
  /** How many times better it is to be at the median; without it, the figure is only told. */
  target?: number;
}

/** Print a line of progress that `npm run bench` passes on. */
export const say = (text: string) => console.error(text);

/** Keep what was found. */
export function keep(name: string, title: string, comparisons: Comparison[], about: object): void {
  const folder = join(checkoutRoot, "bench/results");
  mkdirSync(folder, { recursive: true });
  const machine = { cores: cpus().length, processor: cpus()[0]!.model, load: loadavg()[0] };
  const result = { title, date: new Date().toISOString(), machine, about, comparisons };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}

/** How many times better ours is, in the middle of the pairs. */
export function medianRatio({ ours, theirs, moreIsBetter }: Comparison): number {
  const ratios = ours
    .map((value, pair) => (moreIsBetter ? value / theirs[pair]! : theirs[pair]! / value))
    .toSorted((a, b) => a - b);
  const middle = ratios.length / 2;
  return (ratios[Math.ceil(middle) - 1]! + ratios[Math.floor(middle)]!) / 2;
}
