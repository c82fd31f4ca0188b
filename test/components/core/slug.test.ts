import fc from "fast-check";
import { slugOf } from "../../../components/index.ts";

test.each([
  ["churn", "churn"],
  ["diabetes-progression", "diabetes-progression"],
  ["2024-churn", "2024-churn"],
  ["a".repeat(32), "a".repeat(32)],
])("%s is its own slug", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test.each([
  ["Churn", /^churn-[0-9a-f]{6}$/],
  ["churn_rate", /^churn-rate-[0-9a-f]{6}$/],
  ["-churn--rate-", /^churn-rate-[0-9a-f]{6}$/],
  ["größe 2", /^gr-e-2-[0-9a-f]{6}$/],
  ["顧客離反", /^[0-9a-f]{6}$/],
  ["a".repeat(33), /^a{25}-[0-9a-f]{6}$/],
])("%s gets a hash", (name, slug) => {
  expect(slugOf(name)).toMatch(slug);
});

test("names that look alike have different slugs", () => {
  const names = [
    "churn rate",
    "churn_rate",
    "Churn Rate",
    "churn-rate",
    "churn--rate",
    "churn rate ",
  ];
  expect(new Set(names.map(slugOf)).size).toBe(names.length);
});

test("every slug fits after `model-server-`, and into the name of a CronJob", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (name) => {
      expect(slugOf(name)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(`mlops-retraining-${slugOf(name)}`.length).toBeLessThanOrEqual(52);
    }),
  );
});
