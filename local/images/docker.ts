import { join } from "node:path";
import { UserError } from "../support/errors.ts";
import { run, which } from "../support/process.ts";
import { buildAll } from "./buildAll.ts";
import { stageBuild, stageSecrets, withTemporaryFolder } from "./buildContext.ts";
import { withDiskSpace } from "./diskSpace.ts";
import { type Image, imagesToBuild, inBuildOrder } from "./image.ts";

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
  const missing = await imagesToBuild(inBuildOrder(images), dockerHas, force);
  await withTemporaryFolder(async (folder) => {
    const secrets = await stageSecrets(join(folder, "secrets"));
    // the Dockerfiles mount secrets, which only this builder can
    const env = { ...process.env, DOCKER_BUILDKIT: "1" };
    const build = ["build", "--progress", "plain", ...proxyArguments(process.env)];
    await withDiskSpace({ sentence: () => dockerDiskFull }, () =>
      buildAll(missing, async (image, onLine) => {
        const args = await stageBuild(image, { folder, secrets, force });
        await run("docker", [...build, ...args], { env, onLine });
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
