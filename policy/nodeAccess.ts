import type { SeenResource } from "./rule.ts";
import { at, type Values } from "./values.ts";

const nodeExporter = "-node-exporter$";

export const nodeAccessSchema = {
  properties: {
    namespaces: {
      type: "string",
      description: "Regular expression of the namespaces whose pods may access their node.",
      default: nodeExporter,
    },
  },
} as const;

/** Whether a resource is in a namespace whose pods may access their node, or may turn out to be. */
export function mayReachNode({ type, values }: SeenResource, config: Values): boolean {
  const namespace = at(values, "metadata", type.endsWith(":Namespace") ? "name" : "namespace");
  const pattern = config["namespaces"];
  const allowed = new RegExp(typeof pattern === "string" ? pattern : nodeExporter);
  // a namespace that is named only later cannot be judged yet
  if (typeof namespace === "symbol") return true;
  return typeof namespace === "string" && allowed.test(namespace);
}
