import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** What Google answers for some minutes while it gets a project ready for an API that was just enabled. */
const temporary = [
  /SERVICE_DISABLED|accessNotConfigured|has not been used in project \S+ before or it is disabled/,
  // the service agent that peers the network receives its role a little later than its API is enabled
  /Required 'compute\.globalAddresses\.list' permission/,
];

/** The project of the gcloud CLI itself, which user credentials without a quota project are counted for. */
const gcloudProject = /\b764086051850\b/;

const longestWaitSeconds = 30;
const mostAttempts = 14;

/**
 * Seconds to wait before an operation is retried, or nothing if waiting does not help.
 * @param errors every error of the operation so far, newest first
 */
export function secondsUntilRetry(errors: readonly string[]): number | undefined {
  const [newest = ""] = errors;
  const isTemporary = temporary.some((pattern) => pattern.test(newest));
  if (!isTemporary || gcloudProject.test(newest) || errors.length > mostAttempts) return undefined;
  return Math.min(5 * errors.length, longestWaitSeconds);
}

/** Retries what is made in Google Cloud while its APIs get ready, up to six minutes for each resource. */
export function retryUntilReady(): pulumi.ResourceTransformation {
  const hook = new pulumi.ErrorHook("google-api-readiness", async ({ name, errors }) => {
    const seconds = secondsUntilRetry(errors);
    if (seconds === undefined) return false;
    await pulumi.log.info(
      `${name} waits for an API that Google has just enabled; next attempt in ${seconds} s`,
    );
    await sleep(seconds * 1000);
    return true;
  });
  return ({ type, props, opts }) =>
    type.startsWith("gcp:")
      ? { props, opts: { ...opts, hooks: { ...opts.hooks, onError: [hook] } } }
      : undefined;
}
