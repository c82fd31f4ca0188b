import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../../../local/support/cache.ts";
import { parseQuery } from "../../../support/promql.ts";
import { groups } from "./rules.ts";

const folder = join(checkoutRoot, "docs", "runbooks");
const read = (name: string) => readFileSync(join(folder, `${name}.md`), "utf8");
const names = [...new Set(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)))].sort();

/** Lines of the code blocks in one language. */
const code = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].flatMap(
    ([, block]) => block!.trim().split("\n"),
  );

/** What `app.kubernetes.io/name` is on pods of the platform, and the containers that a command may name. */
const applications = [
  "mlflow",
  "postgres",
  "model-server",
  "prediction-app",
  "training",
  "prometheus",
  "alertmanager",
];
const containers = ["mlflow", "database-metrics", "CONTAINER"];

test("every alert has a runbook, and every runbook an alert", () => {
  const pages = readdirSync(folder)
    .map((file) => file.replace(/\.md$/, ""))
    .filter((page) => page !== "README");
  expect(pages.sort()).toEqual(names);
});

describe.each(names)("the runbook %s", (name) => {
  const page = read(name);

  test("explains the meaning, the impact, how to find the cause and how to fix it", () => {
    expect(page).toMatch(new RegExp(`^# ${name}\n\n[A-Z]`));
    expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      "Impact",
      "Diagnose",
      "Fix",
    ]);
    expect(code(page, "sh").length + code(page, "promql").length).toBeGreaterThan(0);
  });

  test("has queries that Prometheus accepts", () => {
    const queries = code(page, "promql");
    expect(queries.length).toBeGreaterThan(0);
    const wrong = queries.filter((query) => parseQuery(query).errors.length > 0);
    expect(wrong).toEqual([]);
  });

  test("names existing pods and containers", () => {
    const text = code(page, "sh").join("\n");
    const asked = [...text.matchAll(/app\.kubernetes\.io\/name=([\w-]+)/g)].map(([, app]) => app!);
    expect(asked.filter((app) => !applications.includes(app))).toEqual([]);
    const named = [...text.matchAll(/logs .* -c ([\w-]+)/g)].map(([, container]) => container!);
    expect(named.filter((container) => !containers.includes(container))).toEqual([]);
  });
});
