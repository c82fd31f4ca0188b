import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../support/errors.ts";
import { run, which } from "../support/process.ts";

/** A name and a password that a registry knows. */
export interface RegistryLogin {
  username: string;
  password: string;
}

interface LoginFile {
  auths?: Record<string, { auth?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

/** What this machine would log in with: the files of Docker and of buildah, and the helpers that they name. */
export async function loginFor(
  host: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RegistryLogin | undefined> {
  for (const { auths, credHelpers, credsStore } of loginFiles(env)) {
    const helper = credHelpers?.[host] ?? credsStore;
    const login =
      (helper === undefined ? undefined : await fromHelper(helper, host, env)) ??
      fromText(auths?.[host]?.auth);
    if (login) return login;
  }
  return undefined;
}

function loginFiles(env: NodeJS.ProcessEnv): LoginFile[] {
  const home = env["HOME"] ?? homedir();
  const paths = [
    env["REGISTRY_AUTH_FILE"],
    env["XDG_RUNTIME_DIR"] && join(env["XDG_RUNTIME_DIR"], "containers", "auth.json"),
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers", "auth.json"),
    join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
  ];
  return paths.flatMap((path) => {
    if (!path || !existsSync(path)) return [];
    try {
      return [JSON.parse(readFileSync(path, "utf8")) as LoginFile];
    } catch {
      return []; // the program that pushes says what is wrong with its file
    }
  });
}

/** A helper of somebody who is not logged in fails. */
async function fromHelper(
  helper: string,
  host: string,
  env: NodeJS.ProcessEnv,
): Promise<RegistryLogin | undefined> {
  try {
    const answer = await run(`docker-credential-${helper}`, ["get"], { env, input: host });
    const { Username, Secret } = JSON.parse(answer) as { Username: string; Secret: string };
    return { username: Username, password: Secret };
  } catch {
    return undefined;
  }
}

function fromText(auth: string | undefined): RegistryLogin | undefined {
  const [, username, password] =
    /^([^:]+):(.*)$/s.exec(Buffer.from(auth ?? "", "base64").toString()) ?? [];
  return username && password ? { username, password } : undefined;
}

/** The one error for a registry that does not let this machine in, with the command that mends it. */
export function notLoggedIn(host: string): UserError {
  const isGoogle = /(^|[.-])(docker\.pkg\.dev|gcr\.io)$/.test(host);
  return new UserError(
    isGoogle
      ? `the registry ${host} does not let this machine push; log in with \`gcloud auth login\` and \`gcloud auth configure-docker ${host}\`, with an account that has the role Artifact Registry Writer (a repository that does not exist is refused alike: \`npm run up\` makes it), and run this again`
      : `the registry ${host} does not let this machine push; log in with \`${which("docker") ? "docker" : "buildah"} login ${host}\` and run this again`,
  );
}
