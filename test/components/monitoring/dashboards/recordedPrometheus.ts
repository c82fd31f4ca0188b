import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PrometheusPrograms } from "../../../support/prometheusVersions.ts";
import { type RunningPrometheus, runPrometheus } from "../../../support/runningPrometheus.ts";
import { type Exporters, history } from "./history/index.ts";

/** A real Prometheus on this machine that reads nothing and remembers the history. */
export async function startRecordedPrometheus(
  { prometheus, promtool }: PrometheusPrograms,
  exporters: Exporters,
  models: readonly string[],
): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), "mlops-history-"));
  const text = join(folder, "history.txt");
  writeFileSync(text, history(exporters, models));
  writeFileSync(join(folder, "prometheus.yml"), "global: {}\n");
  const args = ["tsdb", "create-blocks-from", "openmetrics", text, join(folder, "data")];
  const { status, stderr } = spawnSync(promtool, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const { url, stop } = await runPrometheus(prometheus, folder);
  return {
    url,
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
