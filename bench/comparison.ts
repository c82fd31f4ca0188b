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
  target?: number | undefined;
  /** Whether it was worked out and not measured, so that its target is shown but gates nothing. */
  modelled?: boolean;
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

/** Both in turn, in alternating order, after one run of each that does not count. */
export async function inPairs<Run>(
  pairs: number,
  what: string,
  first: () => Promise<Run>,
  second: () => Promise<Run>,
): Promise<[Run[], Run[]]> {
  const runs: [Run[], Run[]] = [[], []];
  for (let pair = 0; pair <= pairs; pair++) {
    const order = [0, 1] as const;
    for (const place of pair % 2 ? order : order.toReversed()) {
      const run = await (place ? second : first)();
      if (pair > 0) runs[place].push(run);
    }
    say(`${what}: pair ${pair} of ${pairs}`);
  }
  return runs;
}

const measures = {
  seconds: { of: "time", unit: "s" },
  cpu: { of: "processor time", unit: "s" },
  mebibytes: { of: "peak memory", unit: "MiB" },
};

type Runs<Key extends string> = Record<Key, number>[];

/** A comparison for each measure of the runs, with its target. */
export const compared = <Key extends keyof typeof measures>(
  what: string,
  against: string,
  [ours, theirs]: [Runs<NoInfer<Key>>, Runs<NoInfer<Key>>],
  targets: { [key in Key]: number | undefined },
): Comparison[] =>
  (Object.entries(targets) as [Key, number | undefined][]).map(([key, target]) => ({
    ...{ what: `${what}, ${measures[key].of}`, against, unit: measures[key].unit },
    ...{ ours: ours.map((run) => run[key]), theirs: theirs.map((run) => run[key]) },
    ...{ moreIsBetter: false, target },
  }));

/** A table for the page; columns whose head has a unit hold numbers. */
export const table = (heads: string[], rows: (string | number)[][]): string =>
  [heads, heads.map((head) => (head.includes(", ") ? "---:" : "---")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");

/** How many times better ours is, in the middle of the pairs. */
export function medianRatio({ ours, theirs, moreIsBetter }: Comparison): number {
  const ratios = ours
    .map((value, pair) => (moreIsBetter ? value / theirs[pair]! : theirs[pair]! / value))
    .toSorted((a, b) => a - b);
  const middle = ratios.length / 2;
  return (ratios[Math.ceil(middle) - 1]! + ratios[Math.floor(middle)]!) / 2;
}

const slack = 0.75;

/**
 * The ratios that are more than a quarter below their bar, a line for each. The bar is the target or, where that is out of
 * reach, what was published before.
 */
export function tooLow(found: readonly Comparison[], published: readonly Comparison[]): string[] {
  return found.flatMap((one) => {
    if (one.target === undefined || one.modelled === true) return [];
    const { what, against, target } = one;
    const before = published.find((other) => other.what === what && other.against === against);
    const reached = before === undefined ? target : medianRatio(before);
    const [bar, name] = reached < target ? [reached, "published"] : [target, "target"];
    const ratio = medianRatio(one);
    if (ratio >= slack * bar) return [];
    return [`${what}: x ${ratio.toFixed(2)} against ${against}, ${name} x ${bar.toFixed(2)}`];
  });
}
