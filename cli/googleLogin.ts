import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where Google's libraries look before they ask the machine that they run on. */
const variables = [
  "GOOGLE_APPLICATION_CREDENTIALS",
  "GOOGLE_CREDENTIALS",
  "GOOGLE_CLOUD_KEYFILE_JSON",
  "GCLOUD_KEYFILE_JSON",
  "GOOGLE_OAUTH_ACCESS_TOKEN",
];

/**
 * The environment of a preview. Google's provider refuses to start without credentials, though a preview asks Google
 * nothing: where there are none, it is given a token that opens nothing.
 */
export function previewEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = env["CLOUDSDK_CONFIG"] ?? join(env["HOME"] ?? homedir(), ".config", "gcloud");
  const isLoggedIn =
    variables.some((name) => env[name]) ||
    existsSync(join(settings, "application_default_credentials.json"));
  if (isLoggedIn) return env;
  return {
    ...env,
    GOOGLE_OAUTH_ACCESS_TOKEN: "none",
    // it would ask Google for the regions, and warn
    PULUMI_GCP_SKIP_REGION_VALIDATION: "true",
  };
}
