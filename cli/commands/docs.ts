import { writeDocTables } from "../../tools/docs/index.ts";

/** Writes what the documentation says from the sources that it is about. */
export function docs(): Promise<number> {
  const changed = writeDocTables();
  console.log(changed.length > 0 ? `wrote ${changed.join(", ")}` : "everything is up to date");
  return Promise.resolve(0);
}
