import { relative, resolve } from "node:path";
import { dashboards as allDashboards } from "../../components/monitoring/dashboards/index.ts";
import { type DashboardData, lastOf, readDashboard } from "../../tools/dashboards/panelData.ts";
import { lastMinutes } from "../../tools/dashboards/prometheusApi.ts";
import { endpoints } from "../endpointList.ts";
import { reach } from "../endpoints.ts";
import { openSession, sessionOptions } from "../session.ts";
import { type Command, type OptionValues, textOf } from "../arguments.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";

/** Every panel of every dashboard with data of the running platform, also where there is no Grafana. */
export const dashboards: Command = {
  options: {
    ...sessionOptions,
    png: { type: "boolean", help: "Draw each dashboard into a picture" },
    out: {
      type: "string",
      value: "DIR",
      help: "Folder of the pictures (default: docs/images of the checkout)",
    },
    minutes: { type: "string", value: "N", help: "How far back to look (default: 60)" },
    prometheus: {
      type: "string",
      value: "URL",
      help: "Ask this Prometheus and not the platform's",
    },
    json: {
      type: "string",
      value: "DIR",
      help: "Write the dashboards' JSON for an import into Grafana, and end",
    },
  },
  async run(values) {
    const folder = textOf(values["json"]);
    if (folder !== undefined) {
      const { saveJson } = await import("../../tools/dashboards/pictures.ts");
      saveJson(allDashboards(), folder).forEach((file) => console.log(`  ${file}`));
      return 0;
    }
    const range = lastMinutes(minutesOf(values));
    const boards = await withPrometheus(values, async (url) => {
      const read: DashboardData[] = [];
      for (const dashboard of allDashboards())
        read.push(await readDashboard(url, dashboard, range));
      return read;
    });
    console.log(summary(boards));
    if (values["png"] === true) {
      // the chart library and the browser take a second that the table need not wait for
      const { savePictures } = await import("../../tools/dashboards/pictures.ts");
      const out = resolve(textOf(values["out"]) ?? `${checkoutRoot}/docs/images`);
      const files = await savePictures(boards, out);
      files.forEach((file) => console.log(`✓ ${relative(process.cwd(), file)}`));
    }
    return 0;
  },
};

function minutesOf(values: OptionValues): number {
  const minutes = Number(textOf(values["minutes"]) ?? 60);
  if (!Number.isInteger(minutes) || minutes < 5 || minutes > 7 * 24 * 60) {
    throw new UserError("--minutes must be a whole number from 5 to 10080, which is a week");
  }
  return minutes;
}

async function withPrometheus<Result>(
  values: OptionValues,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const given = textOf(values["prometheus"]);
  if (given !== undefined) return await work(given.replace(/\/+$/, ""));
  const { kubeconfig, deployment, outputs } = await openSession(values);
  if (typeof outputs[endpoints.prometheus.output] !== "string") {
    throw new UserError(
      "this platform has no Prometheus; switch the monitoring on, or name one with --prometheus URL",
    );
  }
  const { namespace } = deployment;
  const door = await reach(endpoints.prometheus, {
    kubeconfig,
    namespace,
    outputs,
    from: "loopback",
  });
  try {
    return await work(door.url);
  } finally {
    await door.close();
  }
}

/** A line for each panel, with the number of its series; panels without any stand out. */
function summary(boards: readonly DashboardData[]): string {
  const rows = boards.flatMap(({ board, panels }) =>
    panels
      .filter(({ panel }) => (panel.targets ?? []).length > 0)
      .map(({ panel, series }) => {
        const withValue = series.filter(({ values }) => lastOf(values) !== undefined);
        return [board.title, panel.title, series.length, withValue.length] as const;
      }),
  );
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const [first, second] = [width(0), width(1)];
  const lines = rows.map(
    ([board, panel, all, withValue]) =>
      `  ${board.padEnd(first)}  ${panel.padEnd(second)}  ${String(all).padStart(3)} series${withValue === 0 ? "  ← no data" : ""}`,
  );
  const empty = rows.filter(([, , all]) => all === 0).length;
  return [...lines, `${rows.length} panels, ${empty} without a series`].join("\n");
}
