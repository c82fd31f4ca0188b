import type { ResourceState } from "./state.ts";
import { textAt } from "./values.ts";

/**
 * Removes resources in reverse order of their dependencies, side by side where nothing forbids it. What a failed
 * removal depends on stays; all failures are returned.
 */
export async function removeInOrder(
  resources: readonly ResourceState[],
  remove: (resource: ResourceState) => Promise<void>,
): Promise<unknown[]> {
  const tasks = new Map<ResourceState, Promise<boolean>>();
  const failures: unknown[] = [];
  const removed = (resource: ResourceState, chain: ResourceState[]): Promise<boolean> => {
    const task = tasks.get(resource) ?? attempt(resource, chain);
    tasks.set(resource, task);
    return task;
  };
  const attempt = async (resource: ResourceState, chain: ResourceState[]): Promise<boolean> => {
    const path = [...chain, resource];
    const users = resources.filter((one) => !path.includes(one) && needs(one, resource));
    const gone = await Promise.all(users.map((user) => removed(user, path)));
    if (gone.includes(false)) return false;
    try {
      await remove(resource);
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  // Newest first, so that resources without recorded dependencies also go in reverse order.
  await Promise.all([...resources].reverse().map((resource) => removed(resource, [])));
  return failures;
}

/** Whether `one` cannot outlive `other`. */
function needs(one: ResourceState, other: ResourceState): boolean {
  return (
    one.dependencies.includes(other.urn) ||
    one.parent === other.urn ||
    one.provider?.startsWith(`${other.urn}::`) === true ||
    (textAt(other.inputs, "kind") === "Namespace" && one.id.startsWith(`${other.id}/`))
  );
}
