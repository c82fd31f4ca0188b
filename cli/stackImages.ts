import type { DeclaredResource } from "../ci/brokenPolicies.ts";
import { UserError } from "../local/support/errors.ts";
import { isObject, type Json, plain } from "../local/support/propertyValues.ts";

/** An image that a stack deploys, and the resources that name it. */
export interface StackImage {
  readonly reference: string;
  readonly usedBy: readonly string[];
}

/** Every image of the declared pods and charts, by their references. */
export function imagesOf(
  resources: readonly Pick<DeclaredResource, "type" | "name" | "inputs">[],
): StackImage[] {
  const users = new Map<string, string[]>();
  for (const { type, name, inputs } of resources) {
    if (!type.startsWith("kubernetes:")) continue;
    for (const reference of new Set(imagesIn(plain(inputs), name))) {
      users.set(reference, [...(users.get(reference) ?? []), name]);
    }
  }
  return [...users]
    .map(([reference, usedBy]) => ({ reference, usedBy: usedBy.sort() }))
    .sort((one, other) => (one.reference < other.reference ? -1 : 1));
}

/** A container has its reference as a text, a chart's values mostly have it in parts. What is off is not deployed. */
function* imagesIn(value: Json, path: string): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* imagesIn(item, path);
  if (!isObject(value) || value["enabled"] === false) return;
  for (const [key, inner] of Object.entries(value)) {
    const here = `${path}.${key}`;
    if (key !== "image") yield* imagesIn(inner, here);
    else if (typeof inner === "string") yield inner;
    else if (isObject(inner) && inner["repository"]) yield joined(inner, here);
  }
}

function joined(image: { [part: string]: Json }, path: string): string {
  const { registry = "", repository = "", tag = "" } = image as { [part: string]: string };
  if (tag === "") {
    throw new UserError(
      `the tag of ${repository} is left to the chart, so that this command cannot know it; set ${path.replace(/^.*?\.values\./, "")}.tag in the chart's values, or leave the chart's version out`,
    );
  }
  return `${registry && `${registry}/`}${repository}:${tag}`;
}
