import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasTrainingCode, runtimes, trainedModels } from "./models.ts";

/** Our own images. */
export type App = "tracking" | "serving" | "predict" | "postgres" | "backup" | "monitoring";

/** The folders under `apps/` each image is made of. A Dockerfile can copy from nowhere else. */
export const IMAGE_INPUTS: Readonly<Record<App, readonly string[]>> = {
  tracking: ["tracking"],
  serving: ["serving", "training"],
  predict: ["predict"],
  postgres: ["postgres"],
  backup: ["backup"],
  monitoring: ["monitoring"],
};

/** The model server's image with the libraries of `runtimes/<name>` on top. */
export type RuntimeImage = `runtime-${string}`;

/**
 * A model's own image: the model server's with what `models/<name>` holds on top. On a runtime it is written as a path,
 * the runtime first, and is called after the model alone.
 */
export type ModelImage = `model-${string}` | `${RuntimeImage}/model-${string}`;

export type ImageName = App | RuntimeImage | ModelImage;

/** The images that every platform is made of; `monitoring` is for the stand-in chart of Prometheus alone. */
export const APPS: readonly App[] = ["tracking", "serving", "predict", "postgres", "backup"];

/** Registry part of a reference when images never leave the machine. */
export const DEFAULT_REGISTRY = "localhost/mlops";

/** The settings that decide where images come from. */
export interface RegistrySettings {
  readonly cluster: string;
  readonly imageRegistry: string;
  readonly gcpProject?: string;
  readonly gcpRegion?: string;
}

/** Whether the program makes a repository next to its GKE cluster, which cannot be handed images in any other way. */
export const usesOwnRegistry = ({ cluster, imageRegistry }: RegistrySettings): boolean =>
  cluster === "gke" && imageRegistry === DEFAULT_REGISTRY;

/** The registry that the stack's images come from: the given one, or the one that the program makes. */
export const imageRegistryOf = (config: RegistrySettings): string =>
  usesOwnRegistry(config)
    ? `${config.gcpRegion}-docker.pkg.dev/${config.gcpProject}/mlops`
    : config.imageRegistry;

/** The runtime that needs no folder: what the model server's image has. */
export const DEFAULT_RUNTIME = "tabular";

/** The image that serves a model and trains it: that of its runtime, with its folder on top where it has one. */
export function imageOfModel(
  name: string,
  runtime: string = DEFAULT_RUNTIME,
): "serving" | RuntimeImage | ModelImage {
  const below = runtime === DEFAULT_RUNTIME ? "serving" : (`runtime-${runtime}` as const);
  if (!hasTrainingCode(name)) return below;
  return below === "serving" ? `model-${name}` : `${below}/model-${name}`;
}

/** Why no model can have this runtime; undefined where one can. */
export function runtimeFault(runtime: string): string | undefined {
  const known = [DEFAULT_RUNTIME, ...runtimes()];
  if (known.includes(runtime)) return undefined;
  return `${runtime} is not a runtime; use ${known.join(" or ")}, or add the folder runtimes/${runtime}`;
}

const checkout = fileURLToPath(new URL("..", import.meta.url));

/** What an image is made of: folders, and the root that they and the Dockerfile are in. */
export interface ImageSource {
  readonly root: string;
  readonly folders: readonly string[];
  readonly dockerfile: string;
  /** Further files of the build, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** The image of ours that it is built on, and the folder that it adds to it. */
  readonly layer?: { readonly base: ImageName; readonly folder: string };
}

export function imageSource(image: ImageName): ImageSource {
  const [, base = "serving", kind, name] =
    /^(?:(runtime-.+)\/)?(model|runtime)-(.+)$/.exec(image) ?? [];
  if (kind === undefined) {
    const folders = IMAGE_INPUTS[image as App];
    return { root: join(checkout, "apps"), folders, dockerfile: `${image}/Dockerfile` };
  }
  const folder = `${kind}s/${name}`;
  return { ...layerSource(base as ImageName, folder), folders: [layerFolder, folder] };
}

const layerFolder = "apps/model";

/** An image that adds a folder with these files to another image. */
export const layerSource = (
  base: ImageName,
  folder: string,
  files: Readonly<Record<string, string>> = {},
): ImageSource => ({
  root: checkout,
  folders: [layerFolder],
  dockerfile: `${layerFolder}/Dockerfile`,
  files,
  layer: { base, folder },
});

// What is for tests, tools and readers does not change what an image does.
const ignoredFolder = /^(tests|node_modules|.*\.egg-info|__pycache__|\..*)$/;
const ignoredFile = /^(\..*|.*\.(md|pyc)|pyproject\.toml|requirements\.in)$/;

const baseDateFile = join(checkout, "apps", "base-date");

/** Day of the base that all images are built on. A later one brings Debian's security updates and rolls every pod. */
export function baseDate(): string {
  const date = readFileSync(baseDateFile, "utf8").trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(Date.parse(date))) return date;
  throw new Error(`apps/base-date must be a day such as 2026-11-26, not ${date}`);
}

/** The base is made again from today's packages: the file is to be committed. */
export function renewBase(today: string, file = baseDateFile): void {
  writeFileSync(file, `${today}\n`);
}

/** A hash of the files that an image is made of and of the image below it, and the day of the base of all. */
export function tagOf({ root, folders, files, layer }: ImageSource): string {
  const below = layer && heldTag(layer.base);
  return `${contentHash(root, folders, { ...files, ...(below && { "": below }) })}-${baseDate().replaceAll("-", "")}`;
}

function heldTag(image: ImageName): string {
  const given = JSON.parse(process.env[tagsVariable] ?? "{}") as Partial<Record<ImageName, string>>;
  return given[image] ?? tagOf(imageSource(image));
}

/**
 * The reference of an image. Pods roll when its files or the base change, and at no other time.
 */
export function imageReference(image: ImageName, registry: string = DEFAULT_REGISTRY): string {
  return referenceOf(image.split("/").at(-1)!, heldTag(image), registry);
}

export const referenceOf = (name: string, tag: string, registry: string): string =>
  `${registry.replace(/\/+$/, "")}/${name}:${tag}`;

const tagsVariable = "MLOPS_IMAGE_TAGS";

/**
 * Reads all tags once, for this process and those it starts: what is deployed is then what was built, though someone
 * edits the files in between.
 */
export function holdImageTags(): void {
  const apps = Object.keys(IMAGE_INPUTS) as App[];
  const folders = [DEFAULT_RUNTIME, ...runtimes()].flatMap((runtime) =>
    ["", ...trainedModels()].map((model) => imageOfModel(model, runtime)),
  );
  const tags = [...apps, ...folders].map((image) => [image, tagOf(imageSource(image))]);
  process.env[tagsVariable] = JSON.stringify(Object.fromEntries(tags));
}

/** Twelve hex digits that depend on the paths and contents of the inputs, not on modes, times or order. */
export function contentHash(
  root: string,
  folders: readonly string[],
  files: Readonly<Record<string, string>> = {},
): string {
  const hash = createHash("sha256");
  const add = (path: string, content: Buffer) =>
    hash.update(`${path}\0${content.length}\0`).update(content);
  for (const path of inputFiles(root, folders)) add(path, readFileSync(join(root, path)));
  for (const [path, content] of Object.entries(files)) add(path, Buffer.from(content));
  return hash.digest("hex").slice(0, 12);
}

/** Paths, relative to the root and sorted, of all files that go into an image. */
export function inputFiles(root: string, folders: readonly string[]): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return ignoredFolder.test(entry.name) ? [] : walk(path);
      return entry.isFile() && !ignoredFile.test(entry.name) ? [path] : [];
    });
  return folders.flatMap(walk).sort();
}
