import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { add, countsLine, fromJest, fromJunit, none } from "./outcome.ts";
import { runStage } from "./runStage.ts";

const assertion = (status: string, fullName: string, ...failureMessages: string[]) => ({
  ...{ status, fullName, failureMessages },
});

test("jest's report is counted, with what failed and each reason to skip once", () => {
  const report = {
    numRuntimeErrorTestSuites: 1,
    testResults: [
      {
        name: "/a.test.ts",
        message: "",
        assertionResults: [
          assertion("passed", "a works"),
          assertion("failed", "b works", "\u001b[31mExpected: 1\u001b[39m\n\n    at b.test.ts:3\n"),
          assertion("pending", "c (skipped: needs root) one"),
          assertion("pending", "c (skipped: needs root) two"),
        ],
      },
      { name: "/broken.test.ts", message: "SyntaxError", assertionResults: [] },
    ],
  };
  expect(fromJest(JSON.stringify(report))).toEqual({
    passed: 1,
    failed: 2,
    skipped: 2,
    notes: [
      "failed: b works\n    Expected: 1",
      "failed: /broken.test.ts does not load\n    SyntaxError",
      "skipped: needs root (2)",
    ],
  });
});

test("pytest's report is counted; an error while collecting is a failure", () => {
  const xml =
    '<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="2" skipped="1" tests="10">' +
    '<testcase classname="a" name="works" time="0.1" />' +
    '<testcase classname="a" name="x[&lt;1&gt;]" time="0.1"><failure message="AssertionError: no&#10;assert 1 == 2">…</failure></testcase>' +
    '<testcase classname="a" name="y"><error message="failed on setup">…</error></testcase>' +
    '<testcase name="z"><skipped type="pytest.skip" message="needs &quot;initdb&quot;">…</skipped></testcase></testsuite></testsuites>';
  expect(fromJunit(xml)).toEqual({
    passed: 6,
    failed: 3,
    skipped: 1,
    notes: [
      "failed: x[<1>]\n    AssertionError: no\n    assert 1 == 2",
      "failed: y\n    failed on setup",
      'skipped: needs "initdb"',
    ],
  });
});

test("the last line counts everything", () => {
  const some = { ...none, passed: 3, skipped: 1 };
  expect(countsLine(add(some, { ...none, failed: 2, passed: 1 }))).toBe(
    "4 passed, 2 failed, 1 skipped",
  );
});

test.each([
  ["passes", 0, () => Promise.resolve(none)],
  ["fails", 1, () => Promise.reject(new Error("no"))],
])("a stage that %s leaves no temporary file", async (_, failed, end) => {
  jest.spyOn(console, "log").mockImplementation();
  const before = tmpdir();
  let left = "";
  const run = () => {
    left = mkdtempSync(join(tmpdir(), "left-"));
    return end();
  };
  const { outcome } = await runStage({ name: "one", group: "unit", title: "leaves a folder", run });
  expect(outcome.failed).toBe(failed);
  expect(left).toMatch(/stage-\w+\/left-/);
  expect(existsSync(left)).toBe(false);
  expect(tmpdir()).toBe(before);
});
