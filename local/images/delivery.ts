import { hasImage, importImages, layersPresent } from "../cluster/index.ts";
import { UserError } from "../support/errors.ts";
import { run, type RunOptions, which } from "../support/process.ts";
import { reported } from "../support/progress.ts";
import { stageContext, withTemporaryFolder } from "./buildContext.ts";
import { buildWithBuildah, exportArchive } from "./buildahImages.ts";
import { ensureTools, withBuildah } from "./buildahSession.ts";
import type { Destination } from "./destination.ts";
import { buildWithDocker, dockerAnswers, dockerHas, requireDocker, succeeds } from "./docker.ts";
import { buildArguments, type Image, inBuildOrder } from "./image.ts";
import { isOnLoopback, pushFailure, registryHas, registryImage } from "./registry.ts";

/** Finds out which images a destination has, and delivers the missing ones. */
export interface Delivery {
  has(reference: string): Promise<boolean>;
  provide(images: readonly Image[], force: boolean): Promise<void>;
}

/** @throws UserError where a program that is needed for it is missing. */
export async function deliveryTo(destination: Destination): Promise<Delivery> {
  switch (destination.kind) {
    case "local-cluster":
      return { has: hasImage, provide: provideLocally };
    case "docker":
      await requireDocker("building images for this cluster");
      return { has: dockerHas, provide: buildWithDocker };
    case "kind":
      return await nodeDelivery("kind", `${destination.cluster}-control-plane`, (reference) => [
        ...["load", "docker-image", reference, "--name", destination.cluster],
      ]);
    case "k3d":
      return await nodeDelivery("k3d", `k3d-${destination.cluster}-server-0`, (reference) => [
        ...["image", "import", reference, "--cluster", destination.cluster],
      ]);
    case "minikube":
      return minikubeDelivery(destination.profile);
    case "registry":
      if (!(await dockerAnswers())) await ensureTools(["skopeo"]);
      return { has: registryHas, provide: pushToRegistry };
  }
}

async function provideLocally(images: readonly Image[], force: boolean): Promise<void> {
  await withBuildah(async (session) => {
    await buildWithBuildah(session, images, force);
    const archive = await reported("Packing the images", async () =>
      exportArchive(session, images, await layersPresent()),
    );
    await reported("Loading the images into the cluster", () => importImages(archive));
  });
}

/** kind and k3d: nodes are containers of Docker, and the tool copies images out of Docker into them. */
async function nodeDelivery(
  tool: "kind" | "k3d",
  node: string,
  loadArguments: (reference: string) => string[],
): Promise<Delivery> {
  if (!which(tool)) {
    throw new UserError(
      `loading images into this cluster needs the command ${tool}; put it on PATH and run this again`,
    );
  }
  await requireDocker(`loading images into a cluster of ${tool}`);
  return {
    has: (reference) => succeeds("docker", ["exec", node, "crictl", "inspecti", "-q", reference]),
    async provide(images, force) {
      await buildWithDocker(images, force);
      for (const { name, reference } of images) {
        await reported(`Loading the image ${name}`, () => run(tool, loadArguments(reference)));
      }
    },
  };
}

/** With Docker on this machine images are built by it and copied; else Minikube builds them inside. */
function minikubeDelivery(profile: string): Delivery {
  if (!which("minikube")) {
    throw new UserError(
      "loading images into Minikube needs the command minikube; put it on PATH and run this again",
    );
  }
  const minikube = (...args: string[]) => run("minikube", ["--profile", profile, ...args]);
  const has = async (reference: string) => {
    const list = await minikube("image", "ls", "--format", "short");
    return list.split("\n").some((line) => line.trim() === reference);
  };
  const build = (image: Image) =>
    reported(`Building the image ${image.name} in Minikube`, () =>
      withTemporaryFolder(async (folder) => {
        const { source, reference } = image;
        await stageContext(source, folder);
        const given = buildArguments(image).flatMap((one) => ["--build-opt", `build-arg=${one}`]);
        const file = ["--file", source.dockerfile];
        await minikube("image", "build", "--tag", reference, ...given, ...file, folder);
      }),
    );
  return {
    has,
    async provide(images, force) {
      if (await dockerAnswers()) {
        await buildWithDocker(images, force);
        for (const { name, reference } of images) {
          await reported(`Loading the image ${name}`, () => minikube("image", "load", reference));
        }
        return;
      }
      for (const image of inBuildOrder(images)) {
        if (images.includes(image) || !(await has(image.reference))) await build(image);
      }
    },
  };
}

async function pushToRegistry(images: readonly Image[], force: boolean): Promise<void> {
  if (await dockerAnswers()) {
    await buildWithDocker(images, force);
    await pushEach(images, (reference, options) => run("docker", ["push", reference], options));
    return;
  }
  await withBuildah(async (session) => {
    await buildWithBuildah(session, images, force);
    await pushEach(images, (reference, options) => {
      const plain = isOnLoopback(registryImage(reference).host) ? ["--tls-verify=false"] : [];
      return session.buildah(["push", ...plain, reference], options);
    });
  });
}

/** Layers that the registry has already are compared, not sent again, by both tools. */
async function pushEach(
  images: readonly Image[],
  push: (reference: string, options: Pick<RunOptions, "onLine">) => Promise<unknown>,
): Promise<void> {
  for (const { name, reference } of images) {
    await reported(`Pushing the image ${name}`, (step) => {
      const onLine = (line: string) => step.update(line.trim().slice(0, 70));
      return push(reference, { onLine }).catch((error: unknown) => {
        throw pushFailure(reference, error);
      });
    });
  }
}
