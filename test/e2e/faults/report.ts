import type { Fault, Measured } from "./fault.ts";
import { faults } from "./faultTable.ts";

const heads = ["What happens", "Well again after", "Predictions failed", "Writes failed", "Lost"];

const total = (counts: Record<string, number>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** Names of the faults and what to do about them, in the order of the table. */
export const nameAndCure = ({ name, cure, isSlow }: Fault): [name: string, cure: string] => [
  isSlow ? `${name} ¹` : name,
  cure,
];

/** The table of docs/explanation/reliability.md, with what was measured. */
export function asMarkdown(measured: readonly Measured[]): string {
  const rows = faults.flatMap((fault) => {
    const found = measured.find(({ name }) => name === fault.name);
    if (found === undefined) return [];
    const [name, cure] = nameAndCure(fault);
    const { recoverySeconds, predictions, writes } = found;
    const failedWrites = total(writes.errors);
    return line([
      name,
      `${Math.round(recoverySeconds)} s`,
      `${total(predictions.failed)} of ${predictions.made}`,
      `${failedWrites} of ${failedWrites + writes.written}`,
      String(writes.lost.length),
      cure,
    ]);
  });
  const columns = [...heads, "What to do"];
  return [line(columns), line(columns.map(() => "---")), ...rows, ""].join("\n");
}
