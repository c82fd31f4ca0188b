import { setTimeout as delay } from "node:timers/promises";
import { listProcesses } from "../../local/cluster/processes.ts";
import { descendantsOf } from "../runner/interruption.ts";
import type { commandLine } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

type CommandLine = ReturnType<typeof commandLine>;

// A failure is repeated with the seed that the title has.
const seed = Number(process.env["MLOPS_TEST_SEED"] ?? Date.now() % 1_000_000);

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
function random(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Kills {
  /** How often the stack is deployed from nothing, and killed meanwhile. */
  readonly lives: number;
  /** How often `up` is killed in each of them; each run continues where the last one was killed. */
  readonly kills: number;
  /** The latest moment, in seconds after the engine has begun to change the cluster. */
  readonly withinSeconds: number;
}

/** A stack that is not deployed, whose first runs are killed with everything that they have started. */
export function describeKilledRuns(
  cli: CommandLine,
  { lives, kills, withinSeconds }: Kills,
  options: readonly string[] = [],
): void {
  const next = random(seed);
  const moments = Array.from({ length: lives }, () =>
    Array.from({ length: kills }, () => next() * withinSeconds),
  );

  describe(`\`up\` that is killed (seed ${seed})`, () => {
    test.each(moments.map((ones) => [ones.map((one) => one.toFixed(1)).join(" s, "), ones]))(
      "after %s s is followed by one that succeeds, and by one that changes nothing",
      async (_, ones) => {
        for (const seconds of ones) await killedUp(seconds);
        const { code, stdout, stderr } = await cli.up(...options);
        expect([code, stderr.match(/^ *error:.*/m)]).toEqual([0, null]);
        expect(stdout).toMatch(/The platform is up/);
        const again = await cli.up(...options);
        expect(again.stdout + again.stderr).toMatch(
          /Done: \d+ unchanged \(|Resources:\s+\d+ unchanged\s/,
        );
        expect((await cli.mlops("down", "--delete-data", "--yes")).code).toBe(0);
      },
    );

    test("is followed by a `down` that leaves nothing", async () => {
      await killedUp(next() * withinSeconds);
      const { code, stderr } = await cli.mlops("down", "--delete-data", "--yes");
      expect([code, stderr.match(/^ *error:.*/m)]).toEqual([0, null]);
    });
  });

  async function killedUp(seconds: number): Promise<void> {
    const { child, output, ended } = cli.start("up", ...cli.upOptions, ...options);
    await waitUntil(
      "the engine works",
      600,
      () =>
        child.exitCode !== null || /^(@ updating|Updating )/m.test(output.stdout + output.stderr),
    );
    await Promise.race([delay(seconds * 1_000), ended]);
    // a cluster that the run has started keeps running, like that of another user
    const spared = new Set(listProcesses().map(({ pid }) => pid));
    for (const pid of [child.pid!, ...descendantsOf(child.pid!)])
      if (!spared.has(pid)) killIfAlive(pid);
    await ended;
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ended meanwhile
  }
}
