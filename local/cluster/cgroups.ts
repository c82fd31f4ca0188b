import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, sleep } from "../support/process.ts";
import { cgroup } from "./clusterLayout.ts";

const root = "/sys/fs/cgroup";

/** Our group in every hierarchy: there is one in version 2, and one for each controller in version 1. */
const groups = (): string[] =>
  (existsSync(join(root, "cgroup.controllers"))
    ? [root]
    : readdirSync(root)
        .map((name) => join(root, name))
        .filter((path) => existsSync(join(path, "cgroup.procs")))
  ).map((path) => join(path, cgroup));

/** kubelet creates the groups of the pods itself, but only below an existing one. */
export async function createCgroups(): Promise<void> {
  if (existsSync(join(root, "cgroup.controllers"))) {
    for (const controller of ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"]) {
      // The kernel refuses controllers that it lacks; kubelet names those that it requires.
      await writeFile(join(root, "cgroup.subtree_control"), `+${controller}`).catch(() => {});
    }
  }
  await Promise.all(groups().map((group) => mkdir(group, { recursive: true })));
}

/** Removes our groups. Only to be called when no process is left in them. */
export async function removeCgroups(): Promise<void> {
  for (const group of groups().filter((path) => existsSync(path))) {
    // A group is busy for a moment after its last process has ended.
    for (let attempt = 0; existsSync(group) && attempt < 60; attempt++) {
      if (attempt > 0) await sleep(50);
      await run("find", [group, "-depth", "-type", "d", "-delete"]).catch(() => {});
    }
    if (existsSync(group)) throw new Error(`control group ${group} cannot be removed`);
  }
}
