import { backupName } from "../../components/backup/names.ts";
import { runBackupCommand } from "../backupJobs.ts";
import type { Options } from "../commandLine.ts";

/** Makes a backup now and verifies it. */
export const backup = (options: Options): Promise<number> =>
  runBackupCommand(options, {
    from: backupName,
    words: ["make"],
    onLine: (line) => console.log(`  ${line}`),
  });
