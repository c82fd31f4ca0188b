import { stripVTControlCharacters } from "node:util";

/** What came of one stage. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Reasons of what was skipped, and what failed with the beginning of its message. */
  notes: string[];
}

/** A stage that has run. */
export interface Finished {
  name: string;
  outcome: Outcome;
  seconds: number;
}

export const none: Outcome = { passed: 0, failed: 0, skipped: 0, notes: [] };

export function add(one: Outcome, other: Outcome): Outcome {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    notes: [...one.notes, ...other.notes],
  };
}

export const countsLine = ({ passed, failed, skipped }: Outcome): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

interface JestReport {
  numRuntimeErrorTestSuites: number;
  testResults: {
    name: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** The counts of `jest --json`. A file that cannot even be loaded counts as one failure. */
export function fromJest(text: string): Outcome {
  const report = JSON.parse(text) as JestReport;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (...statuses: string[]) =>
    results.filter(({ status }) => statuses.includes(status));
  const failed = named("failed");
  const skipped = named("pending", "todo", "disabled");
  const broken = report.testResults.filter(
    ({ assertionResults, message }) => assertionResults.length === 0 && message !== "",
  );
  return {
    passed: named("passed").length,
    failed: failed.length + broken.length,
    skipped: skipped.length,
    notes: [
      ...failed.map(({ fullName, failureMessages }) => failure(fullName, failureMessages[0])),
      ...broken.map(({ name, message }) => failure(`${name} does not load`, message)),
      ...reasons(skipped.map(({ fullName }) => fullName)),
    ],
  };
}

/** A log may be cut, and its end says what went wrong all the same. */
function failure(name: string, message = ""): string {
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return [`failed: ${name}`, ...lines.slice(0, 15).map((line) => `    ${line.slice(0, 200)}`)].join(
    "\n",
  );
}

/** Suites that are left out say why in their names, `… (skipped: why)`: once is enough for all their tests. */
function reasons(names: string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    const reason = /\(skipped: (.*?)\)/.exec(name)?.[1] ?? name;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `skipped: ${reason} (${count})`);
}

/** The counts of a JUnit report of pytest's. */
export function fromJunit(xml: string): Outcome {
  const suite = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  const failures = [...xml.matchAll(testcase)].map(([, name, message]) =>
    failure(unescape(name!), unescape(message!)),
  );
  const reasons = [...xml.matchAll(/<skipped\b[^>]*\bmessage="([^"]*)"/g)].map(([, why]) => why!);
  return {
    passed: count("tests") - failed - skipped,
    failed,
    skipped,
    notes: [...failures, ...[...new Set(reasons)].map((reason) => `skipped: ${unescape(reason)}`)],
  };
}

const testcase =
  /<testcase\b[^>]*?\bname="([^"]*)"[^>]*><(?:failure|error)\b[^>]*?\bmessage="([^"]*)"/g;
const entities: Record<string, string> = {
  ...{ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" },
  ...{ "#10": "\n", "#9": "\t" },
};
const unescape = (text: string) =>
  text.replace(/&(lt|gt|quot|apos|amp|#10|#9);/g, (_, name: string) => entities[name]!);
