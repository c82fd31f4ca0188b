import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { baseDate } from "../../program/images.ts";
import type { Descriptor, Layers } from "../cluster/index.ts";
import { run } from "../support/process.ts";
import { reported } from "../support/progress.ts";
import { buildAll } from "./buildAll.ts";
import { stageBuild, stageSecrets, timestamp } from "./buildContext.ts";
import type { BuildahSession } from "./buildahSession.ts";
import { type Image, imagesToBuild, inBuildOrder } from "./image.ts";

/** Builds the images that the store does not hold yet, or all of them with `force`. */
export async function buildWithBuildah(
  session: BuildahSession,
  images: readonly Image[],
  force: boolean,
): Promise<void> {
  const isStored = (reference: string) => has(session, reference);
  const missing = await imagesToBuild(inBuildOrder(images), isStored, force);
  if (missing.length === 0) return;
  const system = await ensureBase(session, force);
  const secrets = await stageSecrets(join(session.folder, "secrets"));
  const bud = ["bud", "--isolation", "chroot", "--layers", "--timestamp", `${timestamp}`];
  await buildAll(missing, async (image, onLine) => {
    const build = await stageBuild(image, { folder: session.folder, secrets, force, system });
    await session.buildah([...bud, ...build], { onLine });
  });
}

/** Writes all images into one archive, without the layers that its reader has; returns its path. */
export async function exportArchive(
  session: BuildahSession,
  images: readonly Image[],
  present: Layers,
): Promise<string> {
  const layout = join(session.folder, "layout");
  await exportLayout(session, images, layout, present);
  const archive = join(session.folder, "images.tar");
  await run("tar", ["-C", layout, "-cf", archive, "."]);
  await rm(layout, { recursive: true });
  return archive;
}

/**
 * Writes all images into a folder in the OCI layout. What they share is written once, and the layers that are present
 * elsewhere are only named.
 */
export async function exportLayout(
  session: BuildahSession,
  images: readonly Image[],
  layout: string,
  present: Layers = new Map(),
): Promise<void> {
  const known = new Map(present);
  const blob = blobsIn(layout);
  await mkdir(blob("sha256:"), { recursive: true });
  // twice as fast as gzip to write, and smaller
  const compression = ["--compression-format", "zstd", "--compression-level", "1"];
  for (const { reference } of images) {
    const target = `oci:${layout}:${reference}`;
    const contents = await layersOf(session, reference);
    // buildah skips a layer whose file it finds
    const stubs = contents.filter((content) => known.has(content)).map(blob);
    for (const stub of stubs) await writeFile(stub, "");
    await session.buildah(["push", "--quiet", ...compression, reference, target]);
    for (const stub of stubs) await rm(stub);
    await nameLayers(layout, reference, contents, known);
  }
}

const blobsIn = (layout: string) => (digest: string) =>
  join(layout, "blobs", digest.replace(":", "/"));

/** Digests of an image's uncompressed layers. */
async function layersOf(session: BuildahSession, reference: string): Promise<string[]> {
  const { OCIv1 } = JSON.parse(
    await session.buildah(["inspect", "--type", "image", reference]),
  ) as { OCIv1: { rootfs: { diff_ids: string[] } } };
  return OCIv1.rootfs.diff_ids;
}

/** Makes the image's manifest refer to the known layers, and adds its other layers to them. */
async function nameLayers(
  layout: string,
  reference: string,
  contents: readonly string[],
  known: Map<string, Descriptor>,
): Promise<void> {
  const blob = blobsIn(layout);
  const read = async <T>(path: string) => JSON.parse(await readFile(path, "utf8")) as T;
  const index = await read<{ manifests: Descriptor[] }>(join(layout, "index.json"));
  const entry = index.manifests.find(
    ({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === reference,
  )!;
  const manifest = await read<{ layers: Descriptor[] }>(blob(entry.digest));
  await rm(blob(entry.digest));
  manifest.layers = manifest.layers.map((layer, at) => known.get(contents[at]!) ?? layer);
  contents.forEach((content, at) => known.set(content, manifest.layers[at]!));
  const text = JSON.stringify(manifest);
  entry.digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  entry.size = text.length;
  await writeFile(blob(entry.digest), text);
  await writeFile(join(layout, "index.json"), JSON.stringify(index));
}

async function has(session: BuildahSession, reference: string): Promise<boolean> {
  const found = await session
    .buildah(["images", "--format", "{{.ID}}", "--noheading", reference])
    .catch(() => "");
  return found.trim() !== "";
}

/** The Debian release of our images, whatever this machine runs. */
const release = "bookworm";

/** The apt sources of this machine for that release, so that its mirror is used; none where it has another release. */
export async function aptSources(options: readonly string[] = []): Promise<string[]> {
  const format = "deb $(SITE) $(RELEASE) $(COMPONENT)";
  // the configured sources, whether or not `apt-get update` has fetched them
  const listing = ["indextargets", "--no-release-info", "--format", format, "Created-By: Packages"];
  const known = await run("apt-get", [...options, ...listing]).catch(() => "");
  const ofSuites = (...suffixes: string[]) =>
    known
      .split("\n")
      .filter((line) => suffixes.some((end) => line.split(" ")[2] === release + end));
  if (ofSuites("").length === 0) return [];
  return [...new Set(ofSuites("", "-updates", "-security"))];
}

// python3-venv brings pip for the builds; tini is process 1 of our pods
const basePackages = "usr-is-merged,python3,python3-venv,ca-certificates,tini";
const baseOptions = [
  ...["--variant=minbase", "--mode=root", "--format=tar"],
  "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=APT::Install-Recommends "false"',
  ...["man", "doc", "locale", "info", "lintian"].map(
    (folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`,
  ),
  "--dpkgopt=path-include=/usr/share/doc/*/copyright",
  `--include=${basePackages}`,
  // files that differ between builds or belong to this machine
  '--customize-hook=rm -rf "$1/etc/resolv.conf" "$1/etc/hostname" "$1"/var/log/*.log "$1"/var/log/apt "$1"/var/cache/ldconfig/aux-cache',
];
const baseDockerfile = [
  "FROM scratch",
  "ADD base.tar /",
  "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8",
  'CMD ["python3"]',
  "",
].join("\n");

/**
 * A minimal Debian with Python, from the packages that this machine's apt gets. Made once per recipe and day of
 * `apps/base-date`, and again with `force`.
 */
async function ensureBase(session: BuildahSession, force: boolean): Promise<string> {
  const sources = await aptSources();
  const recipe = JSON.stringify([
    release,
    baseDate(),
    baseOptions,
    baseDockerfile,
    sources,
    timestamp,
  ]);
  const key = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const reference = `localhost/mlops-base:${key}`;
  if (!force && (await has(session, reference))) return reference;
  await reported("Building the base of all images", async (step) => {
    const context = join(session.folder, "base");
    await mkdir(context, { mode: 0o755 });
    // without sources mmdebstrap takes Debian's own, security updates included
    const given = sources.length > 0 ? { input: `${sources.join("\n")}\n` } : {};
    const target = [release, join(context, "base.tar"), ...(sources.length > 0 ? ["-"] : [])];
    await run("mmdebstrap", [...baseOptions, ...target], {
      env: session.env,
      ...given,
      onLine: (line) => step.update(line.trim().slice(0, 70)),
    });
    await writeFile(join(context, "Dockerfile"), baseDockerfile);
    const build = ["bud", "--timestamp", `${timestamp}`, "--tag", reference, context];
    await session.buildah(build);
    await rm(context, { recursive: true });
  });
  return reference;
}
