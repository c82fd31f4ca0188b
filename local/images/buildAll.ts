import { availableParallelism } from "node:os";
import { atMost } from "../support/atMost.ts";
import { reported } from "../support/progress.ts";
import type { Image } from "./image.ts";

/** A build waits for downloads and the disk half of the time, and keeps one core busy in the other half. */
const atOnce = Math.min(4, availableParallelism());

/** Builds images side by side, each after the one that it is built on. */
export async function buildAll(
  images: readonly Image[],
  build: (image: Image, onLine: (line: string) => void) => Promise<unknown>,
): Promise<void> {
  const [first] = images;
  if (first === undefined) return;
  const title =
    images.length === 1 ? `the image ${first.name}` : `${images.length} images side by side`;
  await reported(`Building ${title}`, async (step) => {
    let waiting = images;
    while (waiting.length > 0) {
      const isReady = ({ base }: Image) =>
        waiting.every(({ reference }) => reference !== base?.reference);
      await atMost(atOnce, waiting.filter(isReady), (image) =>
        build(image, (line) => step.update(`${image.name}: ${line.trim().slice(0, 70)}`)),
      );
      waiting = waiting.filter((image) => !isReady(image));
    }
  });
}
