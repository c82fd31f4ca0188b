export interface Step {
  /** What the step is doing or waiting for right now. */
  update(detail: string): void;
  /** Ends the step; the detail is its result. */
  done(detail?: string): void;
  fail(detail?: string): void;
}

const isTerminal = process.stderr.isTTY === true && !process.env["CI"];
const heartbeatMs = 20_000;

/**
 * Reports one long step. On a terminal its line is rewritten in place; elsewhere (CI, a pipe) it says
 * something at least every 20 seconds, so that it does not seem to hang.
 */
export function step(title: string): Step {
  const started = Date.now();
  let detail = "";
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const line = () => `${title}${detail ? ` · ${detail}` : ""}`;
  const draw = () => {
    const width = process.stderr.columns ?? 100;
    process.stderr.write(`\r\x1b[2K… ${line()} (${seconds()})`.slice(0, width + 5));
  };
  if (!isTerminal) console.error(`… ${title}`);
  const timer = setInterval(
    () => (isTerminal ? draw() : console.error(`… ${line()} (${seconds()})`)),
    isTerminal ? 200 : heartbeatMs,
  );
  timer.unref();
  const end = (mark: string, last?: string) => {
    clearInterval(timer);
    if (isTerminal) process.stderr.write("\r\x1b[2K");
    console.error(`${mark} ${title}${last ? ` · ${last}` : ""} (${seconds()})`);
  };
  return {
    update: (text) => {
      detail = text;
    },
    done: (last) => end("✓", last),
    fail: (last) => end("✗", last ?? detail),
  };
}

/** Runs `work` as one reported step: done with its result when it resolves, failed when it throws. */
export async function reported<T>(
  title: string,
  work: (step: Step) => Promise<T>,
  detail?: (result: T) => string,
): Promise<T> {
  const current = step(title);
  try {
    const result = await work(current);
    current.done(detail?.(result));
    return result;
  } catch (error) {
    current.fail();
    throw error;
  }
}

/** Passes on every report to a terminal, and elsewhere one in 20 seconds: a log is read by people too. */
export function sparingly(report: (text: string) => void): (text: string) => void {
  let next = 0;
  return (text) => {
    if (!isTerminal && Date.now() < next) return;
    next = Date.now() + heartbeatMs;
    report(text);
  };
}
