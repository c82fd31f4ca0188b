import { UserError, messageOf } from "../../local/support/errors.ts";
import { type Check, type Finding } from "./check.ts";
import { type Facts, Skipped } from "./facts.ts";

/** How one check ended. */
export interface Result {
  readonly name: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What was seen, or why the check was skipped. */
  readonly detail?: string;
  readonly findings: readonly Finding[];
  /** Whether the check itself failed: its finding says nothing of the platform. */
  readonly isBroken?: boolean;
  readonly seconds: number;
}

const usualSeconds = 10;

/** Runs all checks side by side, each within its own time; the results have the order of the checks. */
export const runChecks = (checks: readonly Check[], facts: Facts): Promise<Result[]> =>
  Promise.all(checks.map((check) => runCheck(check, facts)));

async function runCheck(
  { name, run, withinSeconds = usualSeconds }: Check,
  facts: Facts,
): Promise<Result> {
  const started = Date.now();
  const ended = (
    result: Omit<Result, "name" | "seconds" | "findings">,
    findings: readonly Finding[] = [],
  ) => ({
    name,
    ...result,
    findings,
    seconds: Math.round((Date.now() - started) / 100) / 10,
  });
  try {
    const seen = await inTime(run(facts), withinSeconds);
    if (typeof seen === "string") return ended({ status: "ok", detail: seen });
    const isWarning = seen.every((finding) => finding.isWarning === true);
    return ended({ status: isWarning ? "warning" : "failed" }, seen);
  } catch (error) {
    if (error instanceof Skipped) return ended({ status: "skipped", detail: error.message });
    const [cause = "", ...fix] = messageOf(error).split("; ");
    const isOurs = error instanceof UserError && fix.length > 0;
    const finding = {
      symptom: `the check ${name} did not finish`,
      cause: isOurs ? cause : messageOf(error),
      fix: isOurs
        ? fix.join("; ")
        : "run `npm run doctor` again, and look at the checks before this one",
    };
    return ended({ status: "failed", isBroken: true }, [finding]);
  }
}

async function inTime<T>(answer: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`there is no answer within ${seconds} s`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  answer.catch(() => {});
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
