import { restoreName } from "../../components/backup/names.ts";
import { UserError } from "../../local/support/errors.ts";
import { runBackupCommand } from "../backupJobs.ts";
import type { Options } from "../commandLine.ts";

/** Brings a snapshot back into the stack. */
export async function restore(
  options: Options & { replace?: boolean },
  [id = "latest", ...further]: string[],
): Promise<number> {
  if (further.length > 0 || !/^(latest|[0-9a-f]{4,64})$/.test(id)) {
    throw new UserError(
      "give the id of one backup, as `npm run backups` lists it, or none for the latest",
    );
  }
  const code = await runBackupCommand(options, {
    from: restoreName,
    words: ["restore", id, ...(options.replace === true ? ["--replace"] : [])],
    onLine: (line) => console.log(`  ${line}`),
  });
  if (code === 0) console.log("The stack now has the backup's data, users and aliases.");
  return code;
}
