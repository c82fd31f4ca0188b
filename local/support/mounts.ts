import { readFileSync } from "node:fs";
import { run, sleep } from "./process.ts";

/** Mount points at or below a folder, deepest first, from the text of /proc/self/mountinfo. */
export function mountsBelow(
  folder: string,
  mountinfo = readFileSync("/proc/self/mountinfo", "utf8"),
): string[] {
  return mountinfo
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((path) =>
      path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    )
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Unmounts everything at or below a folder; throws if anything stays, because deleting would then reach through it. */
export async function unmountBelow(folder: string): Promise<void> {
  for (const lazily of [[], [], ["-l"]]) {
    const points = mountsBelow(folder);
    if (points.length === 0) return;
    await run("umount", [...lazily, "--", ...points]).catch(() => sleep(100));
  }
  const left = mountsBelow(folder);
  if (left.length) throw new Error(`still mounted: ${left.join(", ")}`);
}
