import { expectedErrors, reportedErrors } from "../../bench/typeMistakes.ts";
import { compilers } from "./static.ts";

test("the type check refuses what each option of strictness forbids, and wrong arguments", () => {
  expect(reportedErrors(compilers.go).toSorted()).toEqual(expectedErrors.toSorted());
});
