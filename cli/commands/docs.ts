import { writeDocTables } from "../../tools/docs/index.ts";
import type { CommandDefinition } from "../commandLine.ts";

/** Writes what the documentation says from the sources that it is about. */
export const docs: CommandDefinition = {
  options: [],
  run() {
    const changed = writeDocTables();
    console.log(changed.length > 0 ? `wrote ${changed.join(", ")}` : "everything is up to date");
    return Promise.resolve(0);
  },
};
