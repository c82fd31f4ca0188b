import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasImage, importImages } from "../cluster/index.ts";
import { UserError } from "../support/errors.ts";
import { run, which } from "../support/process.ts";
import { reported } from "../support/progress.ts";
import { buildWithBuildah, exportLayout } from "./buildahImages.ts";
import { ensureTools, withBuildah } from "./buildahSession.ts";
import type { Destination } from "./destination.ts";
import { buildWithDocker, dockerAnswers } from "./docker.ts";
import type { Image } from "./image.ts";
import { isOnLoopback, pushFailure, registryImage } from "./registry.ts";

/** An image in an archive, and the digest of its manifest. */
export interface ArchivedImage {
  readonly reference: string;
  readonly digest: string;
}

/** Options of GNU tar that make the archive reproducible: the same files give the same archive. */
export const reproducible = [
  ...["--sort=name", "--mtime=@0", "--mode=u+rw,go=rX", "--owner=0", "--group=0"],
  ...["--numeric-owner", "--format=gnu"],
];

/**
 * Writes images into one archive, in which what they share is stored once: those that are built here, and those that
 * come from registries. It is an OCI layout and, with one more file, an archive for `docker load`.
 */
export async function archiveImages(
  ours: readonly Image[],
  others: readonly string[],
  archive: string,
): Promise<ArchivedImage[]> {
  const skopeo = await skopeoIn(dirname(archive));
  const layout = join(dirname(archive), "layout");
  if (ours.length > 0 && (await dockerAnswers())) {
    await buildWithDocker(ours, false);
    for (const { reference } of ours) {
      await skopeo("copy", `docker-daemon:${reference}`, `oci:layout:${reference}`);
    }
  } else if (ours.length > 0) {
    await withBuildah(async (session) => {
      await buildWithBuildah(session, ours, false);
      await reported("Packing our images", () => exportLayout(session, ours, layout));
    });
  }
  for (const reference of others) {
    await reported(`Copying the image ${reference}`, () =>
      skopeo("copy", ...plainHttp("src", reference), source(reference), `oci:layout:${reference}`),
    );
  }
  const images = await addDockerManifest(layout);
  await run("tar", [...reproducible, "-C", layout, "-cf", archive, "."]);
  await rm(layout, { recursive: true });
  return images;
}

/** Loads the images of an archive into a cluster of this machine, unless it has them. */
export async function loadArchive(
  archive: string,
  images: readonly ArchivedImage[],
  destination: Destination,
): Promise<void> {
  if (destination.kind === "local-cluster" && (await allPresent(images))) return;
  await reported(`Loading ${images.length} images into the cluster`, async () => {
    switch (destination.kind) {
      case "local-cluster":
        return await importImages(archive);
      case "docker":
        return await run("docker", ["load", "--quiet", "--input", archive]);
      case "kind":
        return await run("kind", ["load", "image-archive", archive, "--name", destination.cluster]);
      case "k3d":
        return await run("k3d", ["image", "import", archive, "--cluster", destination.cluster]);
      case "minikube":
        return await run("minikube", [
          ...["--profile", destination.profile, "image", "load", archive],
        ]);
      case "registry":
        throw new UserError(
          "this cluster pulls its images from a registry, into which no archive can be loaded",
        );
    }
  });
}

/** Pushes the images of an archive, each under the name that `targetOf` gives it. */
export async function pushArchive(
  archive: string,
  images: readonly ArchivedImage[],
  targetOf: (reference: string) => string,
): Promise<void> {
  const folder = join(dirname(archive), "layout");
  const skopeo = await skopeoIn(dirname(archive));
  await mkdir(folder, { recursive: true });
  try {
    await run("tar", ["-xf", archive, "-C", folder]);
    for (const { reference } of images) {
      const target = targetOf(reference);
      await reported(`Pushing ${target}`, () =>
        skopeo(
          ...["copy", "--all", ...plainHttp("dest", target)],
          ...[`oci:layout:${reference}`, `docker://${target}`],
        ).catch((error: unknown) => {
          throw pushFailure(target, error);
        }),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function allPresent(images: readonly ArchivedImage[]): Promise<boolean> {
  for (const { reference } of images) if (!(await hasImage(reference))) return false;
  return true;
}

/** Runs in a folder, because skopeo ends a path at a colon. */
async function skopeoIn(folder: string): Promise<(...words: string[]) => Promise<string>> {
  if (!which("skopeo")) await ensureTools(["skopeo"]);
  return (...words) => run("skopeo", words, { cwd: folder });
}

const plainHttp = (side: "src" | "dest", reference: string): string[] =>
  isOnLoopback(registryImage(reference).host) ? [`--${side}-tls-verify=false`] : [];

/** skopeo takes a tag or a digest, and the digest says more. */
const source = (reference: string) => `docker://${reference.replace(/:[^:/@]+@/, "@")}`;

interface Blob {
  readonly digest: string;
}

async function addDockerManifest(layout: string): Promise<ArchivedImage[]> {
  const read = async <T>(path: string) =>
    JSON.parse(await readFile(join(layout, path), "utf8")) as T;
  const blob = ({ digest }: Blob) => `blobs/${digest.replace(":", "/")}`;
  const { manifests } = await read<{
    manifests: (Blob & { annotations: { [name: string]: string } })[];
  }>("index.json");
  const images = manifests.map(({ digest, annotations }) => ({
    reference: annotations["org.opencontainers.image.ref.name"]!,
    digest,
  }));
  const forDocker: object[] = [];
  for (const image of images) {
    const { config, layers } = await read<{ config: Blob; layers: Blob[] }>(blob(image));
    const RepoTags = [image.reference];
    forDocker.push({ Config: blob(config), RepoTags, Layers: layers.map(blob) });
  }
  await writeFile(join(layout, "manifest.json"), JSON.stringify(forDocker));
  return images;
}
