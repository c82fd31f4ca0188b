import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sleep } from "../../local/support/process.ts";
import { freePort } from "./listening.ts";

export interface RunningPrometheus {
  url: string;
  stop(): Promise<void>;
}

/** A Prometheus on this machine, with the `prometheus.yml` and the `data` of a folder. */
export async function runPrometheus(
  program: string,
  folder: string,
  port?: number,
): Promise<RunningPrometheus> {
  const address = `127.0.0.1:${port ?? (await freePort())}`;
  const server = spawn(
    program,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      "--storage.tsdb.retention.time=100y",
      `--web.listen-address=${address}`,
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const url = `http://${address}`;
  const stop = async () => {
    if (server.exitCode === null && server.kill()) await once(server, "exit");
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
