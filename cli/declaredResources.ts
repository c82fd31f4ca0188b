import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DeclaredResource } from "../ci/brokenPolicies.ts";
import { runProgram } from "../local/engine/index.ts";
import { checkoutRoot } from "../local/support/cache.ts";
import { isObject, type JsonObject, unknownValue } from "../local/support/propertyValues.ts";
import { loadSettings, type Settings } from "./stackSettings.ts";

/**
 * What a stack's program declares, whichever engine deploys it. The program runs in this process, and once: nothing is
 * asked of a cluster or of Google, so that all it learns of them is unknown.
 */
export async function declaredResources({
  stack,
  overrides,
}: Pick<Settings, "stack" | "overrides">): Promise<DeclaredResource[]> {
  const { project, values, secretKeys } = loadSettings(stack, overrides);
  const resources: DeclaredResource[] = [];
  await runProgram({
    project: project.name,
    stack,
    preview: true,
    config: values,
    secretKeys,
    load: () =>
      import(pathToFileURL(join(checkoutRoot, project.main)).href) as Promise<
        Record<string, unknown>
      >,
    register: (resource) => {
      resources.push(resource);
      return Promise.resolve({ id: "", outputs: foreseen(resource.inputs) });
    },
  });
  return resources;
}

/** What an object will have is what it is declared with, and a name if it is given none. */
function foreseen(inputs: JsonObject): JsonObject {
  const { metadata } = inputs;
  return isObject(metadata) ? { ...inputs, metadata: { name: unknownValue, ...metadata } } : inputs;
}
