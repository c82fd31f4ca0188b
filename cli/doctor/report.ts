import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import type { Result } from "./runChecks.ts";

const marks = { ok: "✓", warning: "!", failed: "✗", skipped: "–" };

/** The results for people: one line for what is well, and symptom, cause and fix of what is not. */
export function reportText(results: readonly Result[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const topics = troubleshootingTopics();
  const lines = results.flatMap(({ name, status, detail, findings }) => [
    `${marks[status]} ${name.padEnd(width)}  ${detail ?? findings[0]?.symptom ?? ""}`.trimEnd(),
    ...findings.flatMap(({ symptom, cause, fix }, index) => [
      ...(index === 0 ? [] : [`${" ".repeat(width + 4)}${symptom}`]),
      `    cause: ${cause}`,
      `    fix:   ${fix}`,
    ]),
    ...(findings.length === 0 ? [] : topics.filter(({ check }) => check === name)).map(
      ({ heading }) => `    more:  docs/troubleshooting.md, "${heading}"`,
    ),
  ]);
  const count = (status: Result["status"]) => results.filter((one) => one.status === status).length;
  const numbers = [
    `${count("ok")} ok`,
    ...(count("warning") > 0 ? [`${count("warning")} to look at`] : []),
    `${count("failed")} failed`,
    `${count("skipped")} skipped`,
  ];
  return [...lines, "", numbers.join(", ")].join("\n");
}

/** The symptoms of the troubleshooting page, each with the check that recognises it. */
export function troubleshootingTopics(): { heading: string; check: string | undefined }[] {
  const page = readFileSync(join(checkoutRoot, "docs", "troubleshooting.md"), "utf8");
  const sections = page.split(/^## /m).slice(1);
  return sections.map((section) => ({
    heading: section.slice(0, section.indexOf("\n")),
    check: /^Check: `([a-z-]+)`$/m.exec(section)?.[1],
  }));
}
