import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { NamespacedArgs, StringMap } from "./arguments.ts";
import { partOf, stackAnnotation, stateLabel } from "./ownershipMarks.ts";

/**
 * A namespace that says which stack and which state it belongs to, so that no other one takes it over. The id is made
 * once and is in the state alone: a second checkout, and one whose state was lost, have another or none.
 */
export function ownedNamespace(
  name: string,
  { namespace, labels, annotations }: NamespacedArgs,
  podSecurity: StringMap,
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  const owner = new random.RandomUuid(`${name}-owner`, {}, child);
  return new k8s.core.v1.Namespace(
    name,
    {
      metadata: {
        name: namespace,
        labels: {
          ...partOf,
          ...labels,
          ...podSecurity,
          [stateLabel]: owner.result,
        },
        annotations: {
          ...annotations,
          [stackAnnotation]: `${pulumi.getProject()}/${pulumi.getStack()}`,
        },
      },
    },
    child,
  );
}
