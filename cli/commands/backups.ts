import { backupName } from "../../components/backup/names.ts";
import { runBackupCommand } from "../backupJobs.ts";
import type { Options } from "../commandLine.ts";

/** A snapshot, as the image lists it. */
export interface SnapshotRow {
  readonly id: string;
  readonly time: string;
  readonly size: number;
  readonly mlflowVersion: string;
  /** Null if it was never verified. */
  readonly verified: boolean | null;
  readonly beforeRestore: boolean;
}

/** Lists the backups, or reads one back completely. */
export async function backups(
  options: Options & { verify?: string; json?: boolean },
): Promise<number> {
  if (options.verify !== undefined) {
    return await runBackupCommand(options, {
      from: backupName,
      words: ["verify", options.verify],
      onLine: (line) => console.log(`  ${line}`),
    });
  }
  let rows: readonly SnapshotRow[] = [];
  const code = await runBackupCommand(options, {
    from: backupName,
    words: ["list"],
    onLine: (line) => {
      if (line.startsWith("[")) rows = JSON.parse(line) as SnapshotRow[];
      else console.error(`  ${line}`);
    },
  });
  if (code !== 0) return code;
  console.log(options.json === true ? JSON.stringify(rows, undefined, 2) : snapshotTable(rows));
  return 0;
}

/** The newest first, a line each. */
export function snapshotTable(rows: readonly SnapshotRow[]): string {
  if (rows.length === 0) return "There is no backup yet; make one with `npm run backup`.";
  const lines = [...rows]
    .reverse()
    .map(({ id, time, size, mlflowVersion, verified, beforeRestore }) =>
      [
        id.padEnd(10),
        time.slice(0, 19).replace("T", " ").padEnd(21),
        sizeText(size).padStart(9),
        mlflowVersion.padStart(9),
        ` ${verified === null ? "no" : verified ? "yes" : "DAMAGED"}`,
        ...(beforeRestore ? [" made before a restore"] : []),
      ].join(" "),
    );
  const head = ["ID".padEnd(10), "TIME (UTC)".padEnd(21), "SIZE".padStart(9), "MLFLOW".padStart(9)];
  return [[...head, " VERIFIED"].join(" "), ...lines].join("\n");
}

function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
