import type { RuleGroup } from "../../../../components/monitoring/alerts/index.ts";
import { prometheusVersions } from "../../../support/prometheusVersions.ts";
import type { AlertCases } from "./cases/case.ts";
import { alerting } from "./cases/alerting.ts";
import { availability } from "./cases/availability.ts";
import { backups } from "./cases/backups.ts";
import { dask } from "./cases/dask.ts";
import { cluster } from "./cases/cluster.ts";
import { models } from "./cases/models.ts";
import { monitoring } from "./cases/monitoring.ts";
import { checkRules, groups, testRule } from "./rules.ts";

const cases: AlertCases = {
  ...availability,
  ...models,
  ...cluster,
  ...backups,
  ...dask,
  ...monitoring,
  ...alerting,
};
const names = [...new Set(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)))].sort();

test("every alert has a run in which it fires, and one in which it does not", () => {
  const firing = Object.keys(cases).filter((name) => cases[name]!.some(({ fires }) => fires));
  const quiet = Object.keys(cases).filter((name) => cases[name]!.some(({ quiet }) => quiet));
  expect(firing.sort()).toEqual(names);
  expect(quiet.sort()).toEqual(names.filter((name) => name !== "Watchdog"));
});

for (const version of prometheusVersions) {
  version.suite(`promtool of ${version.title}`, () => {
    let path = "";
    beforeAll(async () => {
      path = (await version.programs()).promtool;
    }, 900_000);

    test("accepts the rules", () => {
      const { ok, output } = checkRules(path, groups);
      expect(output).toContain(`SUCCESS: ${groups.flatMap(({ rules }) => rules).length} rules`);
      expect(ok).toBe(true);
    });

    test.each(names)("%s fires when it should, and only then", (name) => {
      const { output, ok } = testRule(path, groups, name, cases[name]!);
      expect(output).toMatch(/ SUCCESS\s*$/);
      expect(ok).toBe(true);
    });

    // whether a case can fail does not depend on the version
    if (version !== prometheusVersions[0]) return;

    /** Every rule with this in the place of its expression. */
    const withExpression = (expr: string): RuleGroup[] =>
      groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => ({ ...rule, expr })),
      }));

    const failing = (rules: readonly RuleGroup[]) =>
      names.filter((name) => !testRule(path, rules, name, cases[name]!).ok);

    test("a rule that never fires fails the test of its alert", () => {
      expect(failing(withExpression("vector(1) > 1"))).toEqual(names);
    });

    test("a rule that always fires fails the test of its alert", () => {
      expect(failing(withExpression("vector(1)"))).toEqual(
        names.filter((name) => name !== "Watchdog"),
      );
    });
  });
}
