import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { LabelledArgs, NamespacedArgs, StringMap } from "./arguments.ts";
import { madeByStack } from "./metadata.ts";
import { marksName, partOf, stateLabel } from "./ownershipMarks.ts";

/**
 * A namespace marked with the stack and the state that it belongs to, so that no other one takes it over. The id is
 * generated once and stored only in the state: a second checkout, or one whose state was lost, has another one or none.
 */
export function ownedNamespace(
  name: string,
  { namespace, labels, annotations }: NamespacedArgs,
  podSecurity: StringMap,
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  const marks = marksOf(name, { labels, annotations }, child);
  return new k8s.core.v1.Namespace(
    name,
    { metadata: { ...marks, name: namespace, labels: { ...marks.labels, ...podSecurity } } },
    child,
  );
}

/** The same in a namespace that exists and may not be changed: a ConfigMap in it has the marks. */
export function markedNamespace(
  name: string,
  { namespace, labels, annotations }: NamespacedArgs,
  child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const marks = marksOf(name, { labels, annotations }, child);
  return new k8s.core.v1.ConfigMap(
    `${name}-marks`,
    { metadata: { ...marks, name: marksName, namespace } },
    child,
  ).metadata.namespace;
}

function marksOf(
  name: string,
  { labels, annotations }: LabelledArgs,
  child: pulumi.CustomResourceOptions,
) {
  const owner = new random.RandomUuid(`${name}-owner`, {}, child);
  return {
    labels: { ...partOf, ...labels, [stateLabel]: owner.result },
    annotations: { ...annotations, ...madeByStack() },
  };
}
