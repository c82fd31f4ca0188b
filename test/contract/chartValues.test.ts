import { readFileSync } from "node:fs";
import { join } from "node:path";
import { officialCharts } from "../../components/monitoring/charts.ts";
import { imagesSent, keysSent, listText } from "./chartKeys/sent.ts";

/*
 * The official charts cannot be fetched on every machine, so the keys that we set are listed here, for the versions
 * that we pin: test/contract/chartKeys/list.ts made the lists from the charts and refuses a key that a chart lacks.
 */
describe.each(["prometheus", "grafana"] as const)("the chart %s", (chart) => {
  const listed = readFileSync(join(__dirname, "chartKeys", `${chart}.txt`), "utf8");

  test("was reviewed at the pinned version", () => {
    expect(listed.split("\n")[0]).toBe(`# version ${officialCharts[chart].version}`);
  });

  test("has every key that we set, none is listed that we do not set, and we send its own images", async () => {
    const { version } = officialCharts[chart];
    const sent = listText(version, await imagesSent(chart), await keysSent(chart));
    expect(sent.split("\n")).toEqual(listed.split("\n"));
  });
});
