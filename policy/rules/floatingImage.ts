import { containerName, containersOf } from "../podSpecs.ts";
import type { ResourceRule } from "../rule.ts";
import { at, textsIn } from "../values.ts";

/** Tags that mean another image from one day to the next. */
const moving = /^(latest|stable|edge|nightly|dev|main|master|head|canary|rolling)$/i;

export const floatingImage: ResourceRule = {
  name: "floating-image",
  description: "Every image and every chart is pinned to an exact version.",
  level: "mandatory",
  check(resource) {
    if (resource.type === "kubernetes:helm.sh/v3:Release") return releaseFaults(resource.values);
    return containersOf(resource).flatMap((container) => {
      const image = at(container, "image");
      return typeof image === "string" && isFloating(image)
        ? [`${containerName(container)} runs ${image}, which may change; name a tag or a digest`]
        : [];
    });
  },
};

function releaseFaults(values: unknown): string[] {
  const chart = at(values, "chart");
  const version = at(values, "version");
  // a chart in a folder is as fixed as the folder
  const isRemote = typeof chart === "string" && !/^\.{0,2}\//.test(chart);
  const faults =
    isRemote && (version === undefined || version === null || version === "")
      ? [`installs whatever version of the chart ${chart} is newest; set version`]
      : [];
  const tags = [...textsIn(at(values, "values"))].filter(
    ([path, text]) => path.at(-1) === "tag" && moving.test(text),
  );
  return [
    ...faults,
    ...tags.map(
      ([path, tag]) => `values.${path.join(".")} is ${tag}, which may change; name a version`,
    ),
  ];
}

function isFloating(image: string): boolean {
  if (image === "" || image.includes("@sha256:")) return false;
  // the port of a registry is no tag
  const tag = image.slice(image.lastIndexOf("/") + 1).split(":")[1];
  return tag === undefined || tag === "" || moving.test(tag);
}
