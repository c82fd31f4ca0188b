import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasTrainingCode, trainedModels } from "./models.ts";

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

/** A model's own image: the model server's with what `models/<name>` holds on top. */
export type ModelImage = `model-${string}`;

export type ImageName = App | ModelImage;

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

/** Whether the program makes a repository beside its GKE cluster, which cannot be handed images in any other way. */
export const usesOwnRegistry = ({ cluster, imageRegistry }: RegistrySettings): boolean =>
  cluster === "gke" && imageRegistry === DEFAULT_REGISTRY;

/** The registry that the stack's images come from: the given one, or the one that the program makes. */
export const imageRegistryOf = (config: RegistrySettings): string =>
  usesOwnRegistry(config)
    ? `${config.gcpRegion}-docker.pkg.dev/${config.gcpProject}/mlops`
    : config.imageRegistry;

/** The image that serves a model and trains it: its own where it has a folder. */
export const imageOfModel = (name: string): "serving" | ModelImage =>
  hasTrainingCode(name) ? `model-${name}` : "serving";

const checkout = fileURLToPath(new URL("..", import.meta.url));

/** What an image is made of: folders, the root that they and the Dockerfile are in, and the image below it. */
export interface ImageSource {
  readonly root: string;
  readonly folders: readonly string[];
  readonly dockerfile: string;
  readonly base?: App;
}

export function imageSource(image: ImageName): ImageSource {
  const [, model] = /^model-(.+)$/.exec(image) ?? [];
  if (model === undefined) {
    const folders = IMAGE_INPUTS[image as App];
    return { root: join(checkout, "apps"), folders, dockerfile: `${image}/Dockerfile` };
  }
  const below = IMAGE_INPUTS.serving.map((folder) => `apps/${folder}`);
  const folders = ["apps/model", `models/${model}`, ...below];
  return { root: checkout, folders, dockerfile: "apps/model/Dockerfile", base: "serving" };
}

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

/** A hash of the files that an image is made of, and the day of its base. */
function tagOf(image: ImageName): string {
  const { root, folders } = imageSource(image);
  return `${contentHash(root, folders)}-${baseDate().replaceAll("-", "")}`;
}

/**
 * The reference of an image. Pods roll when its files or the base change, and at no other time.
 */
export function imageReference(image: ImageName, registry: string = DEFAULT_REGISTRY): string {
  const given = JSON.parse(process.env[tagsVariable] ?? "{}") as Partial<Record<ImageName, string>>;
  const tag = given[image] ?? tagOf(image);
  return `${registry.replace(/\/+$/, "")}/${image}:${tag}`;
}

const tagsVariable = "MLOPS_IMAGE_TAGS";

/**
 * Reads all tags once, for this process and those it starts: what is deployed is then what was built, though somebody
 * edits the files in between.
 */
export function holdImageTags(): void {
  const apps = Object.keys(IMAGE_INPUTS) as App[];
  const models = trainedModels().map((name): ModelImage => `model-${name}`);
  const tags = [...apps, ...models].map((image) => [image, tagOf(image)]);
  process.env[tagsVariable] = JSON.stringify(Object.fromEntries(tags));
}

/** Twelve hex digits that depend on the paths and contents of the inputs, not on modes, times or order. */
export function contentHash(root: string, folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of inputFiles(root, folders)) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
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
