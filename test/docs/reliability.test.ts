import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { faults } from "../e2e/faults/faultTable.ts";
import { nameAndCure } from "../e2e/faults/report.ts";

const page = readFileSync(join(checkoutRoot, "docs/explanation/reliability.md"), "utf8");

/** The cells of the table that a run of `npm test -- faults` has written. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .slice(2)
  .map((line) =>
    line
      .split("|")
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

test("the page has exactly the faults of the tests, each with its fix", () => {
  expect(rows.map(([name, ...cells]) => [name, cells.at(-1)])).toEqual(faults.map(nameAndCure));
});

test("the page promises that nothing acknowledged is lost, and in its own run nothing was", () => {
  expect(rows.map((cells) => cells[4])).toEqual(faults.map(() => "0"));
});
