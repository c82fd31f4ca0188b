import {
  type ImageName,
  imageReference,
  type ImageSource,
  imageSource,
} from "../../program/images.ts";

/** The name and source of an image, its reference, and the image of ours that it is built on. */
export interface Image {
  readonly name: string;
  readonly source: ImageSource;
  readonly reference: string;
  readonly base?: Image;
}

export function imageFor(image: ImageName, registry: string): Image {
  const source = imageSource(image);
  return imageOf(image.split("/").at(-1)!, source, imageReference(image, registry), registry);
}

export function imageOf(
  name: string,
  source: ImageSource,
  reference: string,
  registry: string,
): Image {
  const image = { name, source, reference };
  return source.layer ? { ...image, base: imageFor(source.layer.base, registry) } : image;
}

/** The images, each after the one that it is built on. */
export function inBuildOrder(images: readonly Image[]): Image[] {
  const withBases = (image: Image): Image[] =>
    image.base ? [...withBases(image.base), image] : [image];
  const all = images.flatMap(withBases);
  return [...new Map(all.map((image) => [image.reference, image])).values()];
}

/** The images that are not there yet, or all of them with `force`. */
export async function imagesToBuild(
  images: readonly Image[],
  has: (reference: string) => Promise<boolean>,
  force: boolean,
): Promise<Image[]> {
  const missing: Image[] = [];
  for (const image of images) {
    if (force || !(await has(image.reference))) missing.push(image);
  }
  return missing;
}

/** The arguments of its Dockerfile: the image below it, and the folder that it adds. */
export function buildArguments({ base, source }: Image, system?: string): string[] {
  const below = base?.reference ?? system;
  return [
    ...(below === undefined ? [] : [`BASE=${below}`]),
    ...(source.layer ? [`FOLDER=${source.layer.folder}`] : []),
  ];
}
