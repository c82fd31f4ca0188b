import { relative, resolve } from "node:path";
import { dashboards as allDashboards } from "../../components/monitoring/dashboards/index.ts";
import { type DashboardData, modelsOf, readDashboard } from "../../tools/dashboards/panelData.ts";
import { panelQueries } from "../../tools/dashboards/queries.ts";
import { summary } from "../../tools/dashboards/summary.ts";
import { lastMinutes } from "../../tools/dashboards/prometheusApi.ts";
import { endpointsOf, reach } from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { UserError } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";

interface DashboardOptions {
  png?: boolean;
  out?: string;
  minutes?: string;
  prometheus?: string;
  json?: string;
  model?: string;
}

/** Every panel of every dashboard with data of the running platform, also where there is no Grafana. */
export async function dashboards(options: Options & DashboardOptions): Promise<number> {
  if (options.json !== undefined) {
    const { saveJson } = await import("../../tools/dashboards/pictures.ts");
    saveJson(allDashboards(), options.json).forEach((file) => console.log(`  ${file}`));
    return 0;
  }
  const range = lastMinutes(minutesOf(options));
  const boards = await withPrometheus(options, async (url) => {
    const read: DashboardData[] = [];
    const model = await modelOf(url, range.end, options);
    for (const dashboard of allDashboards().filter((one) => panelQueries(one).length > 0)) {
      read.push(await readDashboard(url, dashboard, range, { model }));
    }
    return read;
  });
  console.log(summary(boards));
  if (options.png === true) {
    // the chart library and the browser take a second that the table need not wait for
    const { savePictures } = await import("../../tools/dashboards/pictures.ts");
    const out = resolve(options.out ?? "dashboards");
    const files = await savePictures(boards, out);
    files.forEach((file) => console.log(`✓ ${relative(process.cwd(), file)}`));
  }
  return 0;
}

/** The model that the dashboard of one model is about. */
async function modelOf(url: string, now: number, { model }: DashboardOptions): Promise<string> {
  const known = await modelsOf(url, now);
  if (model !== undefined && !known.includes(model)) {
    throw new UserError(
      `--model ${model} has no server that Prometheus reads; choose one of ${known.join(", ") || "none"}`,
    );
  }
  return model ?? known[0] ?? "";
}

function minutesOf(options: DashboardOptions): number {
  const minutes = Number(options.minutes ?? 60);
  if (!Number.isInteger(minutes) || minutes < 5 || minutes > 7 * 24 * 60) {
    throw new UserError("--minutes must be a whole number from 5 to 10080, which is a week");
  }
  return minutes;
}

async function withPrometheus<Result>(
  options: Options & DashboardOptions,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const given = options.prometheus;
  if (given !== undefined) return await work(given.replace(/\/+$/, ""));
  const { kubeconfig, deployment, outputs } = await openPlatform(options);
  const prometheus = endpointsOf(outputs).find(({ name }) => name === "prometheus");
  if (!prometheus) {
    throw new UserError(
      "this platform has no Prometheus; switch the monitoring on, or name one with --prometheus URL",
    );
  }
  const { namespace } = deployment;
  const door = await reach(prometheus, { kubeconfig, namespace, from: "loopback" });
  try {
    return await work(door.url);
  } finally {
    await door.close();
  }
}
