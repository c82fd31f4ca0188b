import { secondsUntilRetry } from "../../program/googleReadiness.ts";

const disabled = (project = "123456789012") =>
  `googleapi: Error 403: Compute Engine API has not been used in project ${project} before or it is disabled.`;

test.each([
  disabled(),
  "Error 403: Permission denied, accessNotConfigured",
  'details: [{"reason": "SERVICE_DISABLED"}]',
  "Error code 7, message: Required 'compute.globalAddresses.list' permission for 'projects/123456789012'",
])("an API that was just enabled is waited for: %s", (error) => {
  expect(secondsUntilRetry([error])).toBeGreaterThan(0);
});

test.each([
  "googleapi: Error 403: Required 'compute.networks.create' permission",
  "googleapi: Error 409: Already exists",
  // user credentials without a quota project are counted for gcloud itself, whose APIs stay as they are
  disabled("764086051850"),
])("any other error is reported at once: %s", (error) => {
  expect(secondsUntilRetry([error])).toBeUndefined();
});

test("an error after the API is ready is reported, not retried", () => {
  expect(secondsUntilRetry(["Error 400: Invalid value", disabled()])).toBeUndefined();
});

test("the program waits for an API as long as Google may take, then reports it as disabled", () => {
  const errors: string[] = [];
  let seconds = 0;
  for (;;) {
    errors.unshift(disabled());
    const pause = secondsUntilRetry(errors);
    if (pause === undefined) break;
    seconds += pause;
  }
  expect(seconds).toBeGreaterThan(5 * 60);
  expect(seconds).toBeLessThan(10 * 60);
});
