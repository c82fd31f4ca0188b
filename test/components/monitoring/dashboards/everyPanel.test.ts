import { dashboards } from "../../../../components/monitoring/dashboards/index.ts";
import { page, tableLines } from "../../../../tools/dashboards/page.ts";
import { modelsOf, readDashboard } from "../../../../tools/dashboards/panelData.ts";
import { end, type Exporters, steps } from "./history/index.ts";
import {
  type PrometheusPrograms,
  prometheusVersions,
} from "../../../support/prometheusVersions.ts";
import type { RunningPrometheus } from "../../../support/runningPrometheus.ts";
import { startRecordedPrometheus } from "./recordedPrometheus.ts";
import { withoutKubeStateMetrics } from "./withoutKubeStateMetrics.ts";

/*
 * Every query against a real Prometheus that remembers an hour of a platform with, and without, what not every cluster
 * has. The end-to-end test asks the same of the platform itself.
 */

const range = { start: end - (steps - 1) * 15, end, step: 15 };

const model = "diabetes-progression";

const exporters: [name: string, exporters: Exporters][] = [
  ["with node-exporter and kube-state-metrics", { nodeExporter: true, kubeStateMetrics: true }],
  ["without node-exporter", { nodeExporter: false, kubeStateMetrics: true }],
  ["without kube-state-metrics", { nodeExporter: true, kubeStateMetrics: false }],
  ["with neither", { nodeExporter: false, kubeStateMetrics: false }],
];

for (const version of prometheusVersions) {
  version.suite(version.title, () => {
    let programs: PrometheusPrograms;
    beforeAll(async () => {
      programs = await version.programs();
    }, 900_000);

    describe.each(exporters)("every query %s", (_, running) => {
      let prometheus: RunningPrometheus;
      beforeAll(async () => {
        prometheus = await startRecordedPrometheus(programs, running, [model]);
      });
      afterAll(async () => {
        await prometheus.stop();
      });

      test("returns a series, except for those on the list", async () => {
        const empty: string[] = [];
        for (const dashboard of dashboards()) {
          const { panels } = await readDashboard(prometheus.url, dashboard, range, { model });
          for (const { panel, series } of panels) {
            for (const { refId } of panel.targets ?? []) {
              const hasValue = series.some(
                (one) => one.refId === refId && one.values.some((value) => value !== null),
              );
              if (!hasValue) empty.push(`${dashboard.title} / ${panel.title} / ${refId}`);
            }
          }
        }
        const listed = withoutKubeStateMetrics.map(
          ({ dashboard, panel, refId }) => `${dashboard} / ${panel} / ${refId}`,
        );
        expect(empty).toEqual(running.kubeStateMetrics ? [] : listed);
      });
    });

    describe("the forms with and without node-exporter", () => {
      /** The newest values of the node panels, by title. */
      async function nodePanels(nodeExporter: boolean): Promise<Record<string, number>> {
        const prometheus = await startRecordedPrometheus(
          programs,
          { nodeExporter, kubeStateMetrics: false },
          [model],
        );
        try {
          const cluster = dashboards().find(({ title }) => title === "Cluster")!;
          const { panels } = await readDashboard(prometheus.url, cluster, range);
          const titles = ["Memory use", "CPU use", "Filesystem use", "Network"];
          const found = titles.map((title) => {
            const { series } = panels.find(({ panel }) => panel.title === title)!;
            expect(series.length).toBe(title === "Network" ? 2 : 1);
            return [title, series[0]!.values.at(-1)!] as const;
          });
          return Object.fromEntries(found);
        } finally {
          await prometheus.stop();
        }
      }

      test("agree about the same nodes", async () => {
        const [withIt, without] = [await nodePanels(true), await nodePanels(false)];
        for (const [title, value] of Object.entries(withIt)) {
          expect(Math.abs(value / without[title]! - 1)).toBeLessThan(0.01);
        }
      });
    });

    describe("with several models", () => {
      const board = (title: string) => dashboards().find((dashboard) => dashboard.title === title)!;
      test.each([1, 3, 40])("Home has a line for each of %d", async (count) => {
        const names = Array.from({ length: count }, (_, index) => `model-${index + 10}`);
        const exporters = { nodeExporter: false, kubeStateMetrics: false };
        const prometheus = await startRecordedPrometheus(programs, exporters, names);
        try {
          expect(await modelsOf(prometheus.url, end)).toEqual(names);
          const home = await readDashboard(prometheus.url, board("Home"), range);
          const lines = tableLines(home.panels.find(({ panel }) => panel.title === "Models")!);
          // one that lost its server has a line as well, one that was removed has none
          const down = count === 1 ? [] : [{ model: "down", "Value #A": 0 }];
          expect(lines.filter((line) => line["model"] === "down")).toEqual(down);
          const others = lines.map((line) => line["model"]).filter((name) => name !== "down");
          expect(others.sort()).toEqual(names);
          const notServed = home.panels.find(({ panel }) => panel.title === "Models not served")!;
          expect(notServed.series[0]!.values.at(-1)).toBe(count === 1 ? 0 : 2);
          const [first, last] = [names[0], names.at(-1)].map((name) =>
            lines.find((line) => line["model"] === name),
          );
          expect(first).toMatchObject({ model_version: "2", "Value #A": 1 });
          expect(first!["Value #F"]).toBeCloseTo(0.3, 2);
          // the last of several has a server and no version
          if (count > 1) expect(last).toEqual({ model: names.at(-1), "Value #A": 1 });
          const text = page(home);
          expect(text).toMatch(
            /model-10<\/td><td>2<\/td>.*?req\/s.*?1\.6%.*?ms.*?0\.30<\/td><\/tr>/,
          );
          expect(text.includes("and 31 more")).toBe(count === 40);
          const models = await readDashboard(prometheus.url, board("Models"), range, {
            model: names.at(-2) ?? names[0]!,
          });
          const served = models.panels.find(({ panel }) => panel.title === "Served now")!;
          expect(served.series.map(({ name }) => name)).toEqual([
            `version ${count === 1 ? 2 : count === 3 ? 1 : count - 2}`,
          ]);
        } finally {
          await prometheus.stop();
        }
      });
    });
  });
}
