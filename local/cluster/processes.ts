import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
} from "node:fs";
import { join } from "node:path";
import { sleep } from "../support/process.ts";
import type { Component } from "./components.ts";
import { cgroup, type ClusterPaths } from "./clusterLayout.ts";

// Every process of a cluster has these in its environment and passes them on to what it starts:
// no pid file can be stale, and no pid can belong to another program. Any user can set them, so they
// count for processes of root only.
const stateVariable = "MLOPS_LOCAL_CLUSTER";
const componentVariable = "MLOPS_LOCAL_COMPONENT";

export interface OwnProcess {
  pid: number;
  /** State folder of the cluster it belongs to; undefined for what runs in a pod. */
  state?: string;
  /** Set on the process that was started as this component, not on its helpers (shims, iptables). */
  component?: string;
  /** First process of a container, the one that a stop signal is meant for. */
  isContainerInit: boolean;
}

const readProc = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // it has ended, or is a kernel thread
  }
};

/** Every process on this machine that belongs to a local cluster, with any state folder. */
export function listProcesses(): OwnProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    const pid = Number(name);
    const found = describeProcess(
      pid,
      readProc(pid, "environ"),
      readProc(pid, "cgroup"),
      readProc(pid, "stat"),
      readProc(pid, "status"),
    );
    return found ? [found] : [];
  });
}

/** Decides from the files in /proc/<pid> whether a process is one of a local cluster, and which. */
export function describeProcess(
  pid: number,
  environ: string,
  cgroups: string,
  stat: string,
  status: string,
): OwnProcess | undefined {
  // After the command's name, which may itself hold blanks and parentheses: state, parent, group, session.
  const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === undefined || state === "Z" || state === "X") return undefined;
  if (cgroups.split("\n").some((line) => line.split(":")[2]?.startsWith(`/${cgroup}/`))) {
    const innerPid = /^NSpid:.*\s(\d+)$/m.exec(status)?.[1];
    return { pid, isContainerInit: innerPid === "1" };
  }
  if (!/^Uid:\s+0\s+0\s+0\s+0$/m.test(status)) return undefined; // a setuid program keeps its caller's real id
  const variables = new Map(
    environ.split("\0").map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
  const owner = variables.get(stateVariable);
  if (owner === undefined) return undefined;
  const component = Number(session) === pid ? variables.get(componentVariable) : undefined;
  return {
    pid,
    state: Buffer.from(owner, "latin1").toString(),
    component,
    isContainerInit: false,
  };
}

/** Starts a component detached, so that it outlives this command. Its log is log/<name>.log. */
export function startComponent(paths: ClusterPaths, component: Component): void {
  mkdirSync(paths.log, { recursive: true });
  const logFile = join(paths.log, `${component.name}.log`);
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
  const log = openSync(logFile, "a", 0o600);
  const child = spawn(component.command, component.args, {
    cwd: paths.run,
    detached: true,
    stdio: ["ignore", log, log],
    env: {
      ...environmentFor(component),
      ...component.env,
      [stateVariable]: paths.state,
      [componentVariable]: component.name,
    },
  });
  child.on("error", () => {}); // seen by the caller as a component that is not running
  child.unref();
  closeSync(log);
}

// Only image pulls go through the user's proxy: the components talk to each other on this machine.
function environmentFor(component: Component): NodeJS.ProcessEnv {
  if (component.name === "containerd") return process.env;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)),
  );
}

/** The running components of this cluster, each with its command line from /proc. */
export const runningComponents = (paths: ClusterPaths): Map<string, string> =>
  new Map(
    listProcesses()
      .filter(({ state }) => state === paths.state)
      .flatMap(({ component, pid }) =>
        component === undefined ? [] : [[component, readProc(pid, "cmdline")]],
      ),
  );

/** False for a component that was started by an earlier version of this code, or from earlier programs. */
export function isCurrent(component: Component, running: ReturnType<typeof runningComponents>) {
  const { name, command, args } = component;
  const wanted = Buffer.from([command, ...args, ""].join("\0")).toString("latin1");
  return (running.get(name) ?? wanted) === wanted;
}

/** The state folder of a cluster other than this one, if one runs on this machine. */
export const otherCluster = (paths: ClusterPaths): string | undefined =>
  listProcesses().find((found) => found.state !== undefined && found.state !== paths.state)?.state;

export function signal(processes: OwnProcess[], name: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, name);
    } catch {
      // it has ended
    }
  }
}

/** Waits until no process is left that the filter accepts, at most so many milliseconds. */
export async function ended(
  accepts: (found: OwnProcess) => boolean,
  milliseconds: number,
): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (listProcesses().some(accepts)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Kills all processes at once, including those that a pod starts in the meantime. */
export async function killAll(): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const left = listProcesses();
    if (left.length === 0) return;
    signal(left, "SIGKILL");
    await sleep(50);
  }
  const left = listProcesses().map(({ pid }) => pid);
  throw new Error(`processes of the local cluster do not end: ${left.join(", ")}`);
}
