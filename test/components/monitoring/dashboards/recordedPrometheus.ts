import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "../../../../local/support/process.ts";
import { debianProgram, promtool } from "../../../support/promtool.ts";
import { type Exporters, history } from "./history/index.ts";
import { freePort } from "../../../support/listening.ts";

/** Why there can be no Prometheus here, or undefined. */
export function reasonToSkip(): string | undefined {
  return [promtool(), debianProgram("prometheus", "prometheus")]
    .map((found) => ("reason" in found ? found.reason : undefined))
    .find((reason) => reason !== undefined);
}

const pathOf = (program: string) => {
  const found = debianProgram("prometheus", program);
  if ("reason" in found) throw new Error(found.reason);
  return found.path;
};

export interface RecordedPrometheus {
  url: string;
  stop(): Promise<void>;
}

/** A real Prometheus on this machine that reads nothing and remembers the history. */
export async function startRecordedPrometheus(
  exporters: Exporters,
  models: readonly string[],
): Promise<RecordedPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), "mlops-history-"));
  const text = join(folder, "history.txt");
  const data = join(folder, "data");
  writeFileSync(text, history(exporters, models));
  writeFileSync(join(folder, "prometheus.yml"), "global: {}\n");
  const args = ["tsdb", "create-blocks-from", "openmetrics", text, data];
  const { status, stderr } = spawnSync(pathOf("promtool"), args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const port = await freePort();
  const server = spawn(
    pathOf("prometheus"),
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${data}`,
      "--storage.tsdb.retention.time=100y",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (server.exitCode === null && server.kill()) await once(server, "exit");
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
    await ready?.arrayBuffer();
    if (ready?.ok) return { url, stop };
    await sleep(100);
  }
  await stop();
  throw new Error("Prometheus was not ready within 30 seconds");
}
