import { summary } from "../../tools/dashboards/summary.ts";
import type { DashboardData, PanelData } from "../../tools/dashboards/panelData.ts";

const panel = (title: string, ...values: (number | null)[][]) =>
  ({
    panel: { title, targets: [{}] },
    series: values.map((of) => ({ refId: "A", name: "", labels: {}, values: of })),
  }) as unknown as PanelData;

test("a panel whose series have no value counts as one without data, and is marked as such", () => {
  const panels = [
    panel("Full", [1, null], [null, null]),
    panel("Gaps only", [null, null]),
    panel("None"),
  ];
  const board = { title: "Home" } as DashboardData["board"];
  expect(summary([{ board, chosen: [], times: [], panels }]).split("\n")).toEqual([
    "  Home  Full         1 series",
    "  Home  Gaps only    0 series  ← no data",
    "  Home  None         0 series  ← no data",
    "3 panels, 2 without data",
  ]);
});
