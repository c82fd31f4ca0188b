import { type DashboardData, seriesWithData } from "./panelData.ts";

/** A line for each panel, with the number of its series that have data; panels without any stand out. */
export function summary(boards: readonly DashboardData[]): string {
  const rows = boards.flatMap(({ board, panels }) =>
    panels
      .filter(({ panel }) => (panel.targets ?? []).length > 0)
      .map((data) => [board.title, data.panel.title, seriesWithData(data).length] as const),
  );
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const [first, second] = [width(0), width(1)];
  const lines = rows.map(
    ([board, panel, count]) =>
      `  ${board.padEnd(first)}  ${panel.padEnd(second)}  ${String(count).padStart(3)} series${count === 0 ? "  ← no data" : ""}`,
  );
  const empty = rows.filter(([, , count]) => count === 0).length;
  return [...lines, `${rows.length} panels, ${empty} without data`].join("\n");
}
