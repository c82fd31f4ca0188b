import { UserError } from "../support/errors.ts";
import { CommandError } from "../support/process.ts";
import { loginFor, notLoggedIn, type RegistryLogin } from "./registryLogin.ts";

/** The parts of a reference such as `example.org/mlops/tracking:1f2e3d4c5b6a`. */
export interface RegistryImage {
  readonly host: string;
  readonly name: string;
  readonly tag: string;
}

export function registryImage(reference: string): RegistryImage {
  const [, host, name, tag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(reference) ?? [];
  if (!host || !name || !tag) throw new Error(`${reference} is not a reference to a registry`);
  return { host, name, tag };
}

/** Registries on this machine speak plain HTTP, as Docker takes for granted too. */
export const isOnLoopback = (host: string) => /^(localhost|127\.0\.0\.1)(:[0-9]+)?$/.test(host);

const manifests = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");
const patienceMs = 20_000;

/**
 * Whether a registry has an image under its tag. One that cannot be asked from here, because only the program that
 * pushes knows the way through a proxy, counts as one that has not.
 * @throws UserError where nobody is logged in, so that no image is built in vain.
 */
export async function registryHas(reference: string): Promise<boolean> {
  const { host, name, tag } = registryImage(reference);
  const scheme = isOnLoopback(host) ? "http" : "https";
  const url = `${scheme}://${host}/v2/${name}/manifests/${tag}`;
  try {
    const first = await ask(url);
    const challenge = first.headers.get("www-authenticate") ?? "";
    const answer =
      first.status === 401 ? await ask(url, await authorization(host, challenge)) : first;
    if (answer.status === 401 || answer.status === 403) throw notLoggedIn(host);
    return answer.ok;
  } catch (error) {
    if (error instanceof UserError) throw error;
    return false;
  }
}

function ask(url: string, authorization?: string): Promise<Response> {
  return fetch(url, {
    method: "HEAD",
    headers: { accept: manifests, ...(authorization ? { authorization } : {}) },
    signal: AbortSignal.timeout(patienceMs),
  });
}

/** Answers a registry's challenge: with the login itself, or with a token that is had for it. */
async function authorization(host: string, challenge: string): Promise<string | undefined> {
  const login = await loginFor(host);
  if (!/^bearer /i.test(challenge)) return login && basic(login);
  const fields = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
  );
  const realm = new URL(fields.get("realm") ?? "");
  for (const key of ["service", "scope"]) {
    if (fields.has(key)) realm.searchParams.set(key, fields.get(key)!);
  }
  const answer = await fetch(realm, {
    headers: login ? { authorization: basic(login) } : {},
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!answer.ok) throw notLoggedIn(host);
  const body = (await answer.json()) as { token?: string; access_token?: string };
  return `Bearer ${body.token ?? body.access_token}`;
}

const basic = ({ username, password }: RegistryLogin) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** What a failed push means, in one sentence where it is one of the known cases. */
export function pushFailure(reference: string, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const { host, name } = registryImage(reference);
  const { output } = error;
  if (/immutab/i.test(output)) {
    return new UserError(
      `${reference} is in the registry with other content, and its tags cannot change; leave --force out, or change the app so that it gets another tag`,
    );
  }
  if (/name[ _]unknown|repository .*not found/i.test(output)) {
    return new UserError(
      `the registry ${host} has no repository for ${name}; make it first, which \`npm run up\` does on Google Cloud`,
    );
  }
  if (/unauthorized|denied|authentication required|no basic auth|\b40[13]\b/i.test(output)) {
    return notLoggedIn(host);
  }
  return error;
}
