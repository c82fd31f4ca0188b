import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../support/errors.ts";
import { run, which } from "../support/process.ts";
import { buildAll } from "./buildAll.ts";
import { stageContext, stageSecrets, withTemporaryFolder } from "./buildContext.ts";
import { buildArguments, type Image, inBuildOrder } from "./image.ts";
import { withDiskSpace } from "./diskSpace.ts";

export async function dockerAnswers(): Promise<boolean> {
  if (!which("docker")) return false;
  return await succeeds("docker", ["version", "--format", "{{.Server.Version}}"]);
}

export async function requireDocker(purpose: string): Promise<void> {
  if (await dockerAnswers()) return;
  throw new UserError(
    which("docker")
      ? `${purpose} needs Docker, which does not answer; start Docker and run this again`
      : `${purpose} needs Docker; install it (https://docs.docker.com/get-docker) and run this again`,
  );
}

export function dockerHas(reference: string): Promise<boolean> {
  return succeeds("docker", ["image", "inspect", reference]);
}

const dockerDiskFull =
  "Docker's disk became full while building images, which takes 5 GB there; free some with `docker system prune` or enlarge it";

/** Builds the images Docker does not hold yet, or all of them with `force`. */
export async function buildWithDocker(images: readonly Image[], force: boolean): Promise<void> {
  const missing: Image[] = [];
  for (const image of inBuildOrder(images)) {
    if (force || !(await dockerHas(image.reference))) missing.push(image);
  }
  await withTemporaryFolder(async (folder) => {
    const secrets = await stageSecrets(join(folder, "secrets"));
    await withDiskSpace({ sentence: () => dockerDiskFull }, () =>
      buildAll(missing, async (image, onLine) => {
        const { name, source, reference } = image;
        const context = await mkdtemp(join(folder, `${name}-`));
        await stageContext(source, context);
        const args = [
          ...["build", "--progress", "plain", "--tag", reference],
          ...(force ? ["--no-cache"] : []),
          ...secrets.flatMap(({ id, path }) => ["--secret", `id=${id},src=${path}`]),
          ...buildArguments(image).flatMap((argument) => ["--build-arg", argument]),
          ...proxyArguments(process.env),
          ...["--file", join(context, source.dockerfile), context],
        ];
        // the Dockerfiles mount secrets, which only this builder can
        await run("docker", args, { env: { ...process.env, DOCKER_BUILDKIT: "1" }, onLine });
      }),
    );
  });
}

export async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return await run(command, args).then(
    () => true,
    () => false,
  );
}

/** Docker predefines these arguments: their values reach the build and leave no trace in the image. */
function proxyArguments(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => /^(http|https|no|all)_proxy$/i.test(name) && env[name])
    .flatMap((name) => ["--build-arg", name]);
}
