import { chmod, copyFile, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ImageSource, inputFiles } from "../../program/images.ts";
import { run } from "../support/process.ts";
import { buildArguments, type Image } from "./image.ts";

/** Modification time of every file of an image, so that the same inputs make the same layers. */
export const timestamp = 1_700_000_000;

/** Runs `work` with a temporary folder and removes it afterwards. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "mlops-images-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file that a build can read but that does not become a part of the image. */
export interface BuildSecret {
  id: string;
  path: string;
}

/**
 * Copies exactly the files that the tag is a hash of: a Dockerfile that needs another one fails to build, so a
 * tag never stands for two contents. File modes do not depend on the umask of the checkout.
 */
export async function stageContext(source: ImageSource, folder: string): Promise<void> {
  const { root, folders, files = {} } = source;
  const stage = async (path: string, write: (copy: string) => Promise<void>) => {
    const copy = join(folder, path);
    await mkdir(dirname(copy), { recursive: true });
    await write(copy);
    await chmod(copy, 0o644);
    await utimes(copy, timestamp, timestamp);
  };
  for (const path of inputFiles(root, folders)) {
    await stage(path, (copy) => copyFile(join(root, path), copy));
  }
  for (const [path, content] of Object.entries(files)) {
    await stage(path, (copy) => writeFile(copy, content));
  }
}

export interface BuildOptions {
  /** Where the context is put. */
  folder: string;
  secrets: readonly BuildSecret[];
  /** Whether every step of the Dockerfile runs again. */
  force: boolean;
  /** The image below those that are built on none of ours; the Dockerfile's own by default. */
  system?: string;
}

/** Stages an image's context. Returns the arguments for its build, which Docker and buildah share. */
export async function stageBuild(
  image: Image,
  { folder, secrets, force, system }: BuildOptions,
): Promise<string[]> {
  const { name, source, reference } = image;
  const context = await mkdtemp(join(folder, `${name}-`));
  await stageContext(source, context);
  return [
    ...["--tag", reference],
    ...(force ? ["--no-cache"] : []),
    ...secrets.flatMap(({ id, path }) => ["--secret", `id=${id},src=${path}`]),
    ...buildArguments(image, system).flatMap((argument) => ["--build-arg", argument]),
    ...["--file", join(context, source.dockerfile), context],
  ];
}

/** How this machine reaches a Python package index: pip's settings and the certificates to trust. */
export async function stageSecrets(folder: string): Promise<BuildSecret[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const configured = await run("python3", ["-m", "pip", "config", "list"]).catch(() => "");
  const certificates = certificateFile();
  const settings = pipSettings(configured, process.env, certificates !== undefined);
  const secrets = [{ id: "pipconf", path: join(folder, "pip.conf") }];
  await writeFile(join(folder, "pip.conf"), settings, { mode: 0o600 });
  if (certificates) {
    await copyFile(certificates, join(folder, "ca.crt"));
    secrets.push({ id: "ca", path: join(folder, "ca.crt") });
  }
  return secrets;
}

const carriedSettings = new Set([
  "index-url",
  "extra-index-url",
  "trusted-host",
  "proxy",
  "timeout",
  "retries",
]);

/** A pip.conf of what `pip config list` printed, or, without pip, of pip's environment variables. */
export function pipSettings(
  configured: string,
  env: NodeJS.ProcessEnv,
  hasCertificates: boolean,
): string {
  const fromEnvironment = Object.entries(env)
    .filter(([name, value]) => name.startsWith("PIP_") && value)
    .map(([name, value]) => [name.slice(4).toLowerCase().replaceAll("_", "-"), value] as const);
  const fromList = [...configured.matchAll(/^[^=\n]*\.([\w-]+)=(['"])(.*)\2$/gm)].map(
    ([, key = "", , value = ""]) => [key, value.replaceAll("\\n", "\n    ")] as const,
  );
  const settings = new Map<string, string>();
  for (const [key, value] of [...fromList, ...fromEnvironment]) {
    const name = key.replace(/^default-timeout$/, "timeout");
    if (value && carriedSettings.has(name)) settings.set(name, value);
  }
  return [
    "[global]",
    "disable-pip-version-check = true",
    ...(hasCertificates ? ["cert = /run/secrets/ca.crt"] : []),
    ...[...settings].map(([name, value]) => `${name} = ${value}`),
    "",
  ].join("\n");
}

function certificateFile(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = [
    env["PIP_CERT"],
    env["SSL_CERT_FILE"],
    "/etc/ssl/certs/ca-certificates.crt", // Debian
    "/etc/pki/tls/certs/ca-bundle.crt", // Fedora
    "/etc/ssl/cert.pem", // macOS
  ];
  return candidates.find((path) => path && existsSync(path));
}
