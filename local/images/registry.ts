import { UserError } from "../support/errors.ts";
import { CommandError, run, which } from "../support/process.ts";

/** Host and name of a reference such as `example.org/mlops/tracking:1f2e3d4c5b6a`. */
export function registryImage(reference: string): { host: string; name: string } {
  const [, host, name] = /^([^/]+)\/(.+):[^:/]+$/.exec(reference) ?? [];
  if (!host || !name) throw new Error(`${reference} is not a reference to a registry`);
  return { host, name };
}

/** Whether a registry is on this machine: those speak plain HTTP, as Docker expects too. */
export const isOnLoopback = (host: string) => /^(localhost|127\.0\.0\.1)(:[0-9]+)?$/.test(host);

/**
 * Whether a registry has an image under its tag, by skopeo or else by Docker, with the logins of both. A registry that
 * they cannot reach, because only the Docker daemon has the proxy's settings, counts as one without the image.
 * @throws UserError where this machine is not logged in, so that no image is built for nothing.
 */
export async function registryHas(reference: string): Promise<boolean> {
  const { host } = registryImage(reference);
  const skopeo = ["skopeo", "--command-timeout", "20s", "inspect", "--raw"];
  const [command = "", ...words] = which("skopeo")
    ? [...skopeo, ...(isOnLoopback(host) ? ["--tls-verify=false"] : []), `docker://${reference}`]
    : ["docker", "manifest", "inspect", ...(isOnLoopback(host) ? ["--insecure"] : []), reference];
  try {
    await run(command, words);
    return true;
  } catch (error) {
    if (error instanceof CommandError && isDenied(error.output)) throw notLoggedIn(host);
    return false;
  }
}

const isDenied = (output: string) =>
  /unauthorized|denied|authentication required|no basic auth|invalid username\/password|\b40[13]\b/i.test(
    output,
  );

/** The error of a failed push, as one sentence where the cause is known. */
export function pushFailure(reference: string, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const { host, name } = registryImage(reference);
  const { output } = error;
  if (/immutab/i.test(output)) {
    return new UserError(
      `${reference} already exists in the registry with other content, and its tags are immutable; leave --force out, or change the app so that it gets another tag`,
    );
  }
  if (/name[ _]unknown|repository .*not found/i.test(output)) {
    return new UserError(
      `the registry ${host} has no repository for ${name}; create it first, which \`npm run up\` does on Google Cloud`,
    );
  }
  return isDenied(output) ? notLoggedIn(host) : error;
}

/** The one error for a registry that refuses this machine, with the command that fixes it. */
function notLoggedIn(host: string): UserError {
  const isGoogle = /(^|[.-])(docker\.pkg\.dev|gcr\.io)$/.test(host);
  const fix = isGoogle
    ? `\`gcloud auth login\` and \`gcloud auth configure-docker ${host}\`, with an account that has the role Artifact Registry Writer (a repository that does not exist is refused alike: \`npm run up\` creates it),`
    : `\`${which("docker") ? "docker" : "buildah"} login ${host}\``;
  return new UserError(
    `the registry ${host} does not let this machine push; log in with ${fix} and run this again`,
  );
}
