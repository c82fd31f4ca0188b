import { cents, pricesAsOf } from "../components/cost/index.ts";
import type { PlannedCosts } from "./costs.ts";

/** A table for the terminal. `running` is what the stack would cost if it were not paused. */
export function costTable(costs: PlannedCosts, running?: number): string {
  const unpriced = unpricedSentence(costs);
  if (costs.components.length === 0) return unpriced ?? freeSentence;
  const rows = [
    ...costs.components.map(({ component, was, now }) => [component, was, now] as const),
    ["total", costs.was, costs.now] as const,
  ];
  const cells = rows.map(([name, was, now]) => [name, usd(was), usd(now), difference(was, now)]);
  const table = [["", "was", "now", "change"], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("   ")
      .trimEnd(),
  );
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width, 9));
  return [
    `US dollars a month, list prices of us-central1 as of ${pricesAsOf}`,
    "",
    ...lines.slice(0, -1).map(indented),
    indented(rule),
    indented(lines.at(-1)!),
    ...(running === undefined ? [] : ["", savingSentence(costs.now, running)]),
    ...(unpriced === undefined ? [] : ["", unpriced]),
  ].join("\n");
}

export const freeSentence =
  "0 US dollars a month: this stack creates nothing on Google Cloud; everything runs on your own cluster";

/** What the total does not include, because the table has no price for it. */
export const unpricedSentence = ({ unpriced }: PlannedCosts): string | undefined =>
  unpriced.length === 0 ? undefined : `Not in the total, price unknown: ${unpriced.join(", ")}`;

/** What pausing saves. */
export const savingSentence = (now: number, running: number): string =>
  `Paused: ${usd(running - now)} US dollars a month less than the ${usd(running)} of the running platform`;

export const usd = (amount: number): string => amount.toFixed(2);

export function difference(was: number, now: number): string {
  const change = cents(now - was);
  if (change === 0) return "";
  return `${change > 0 ? "+" : "−"}${usd(Math.abs(change))}`;
}

const indented = (line: string): string => `  ${line}`;
