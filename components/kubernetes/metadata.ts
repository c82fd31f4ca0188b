import * as pulumi from "@pulumi/pulumi";
import type { NamespacedArgs, StringMap } from "./arguments.ts";
import { partOf, stackAnnotation } from "./ownershipMarks.ts";

/** The labels by which Services, policies and budgets find the pods of one workload. Never change them. */
export function selectorLabels(application: string, name: string): { [key: string]: string } {
  return { "app.kubernetes.io/name": application, "app.kubernetes.io/instance": name };
}

/** Label of a model's objects, pods and Jobs that raise no alerts. */
export const unmonitored = { "mlops-platform/monitor": "false" };

/** The annotation of every object that this program creates. */
export const madeByStack = () => ({
  [stackAnnotation]: `${pulumi.getProject()}/${pulumi.getStack()}`,
});

/** Builds the metadata of a component's objects. The caller's labels may replace all but those that select pods. */
export function metadataFor(application: string, name: string, args: NamespacedArgs) {
  const labels = {
    ...partOf,
    "app.kubernetes.io/managed-by": "pulumi",
    ...args.labels,
    ...selectorLabels(application, name),
  };
  return (own: { name?: pulumi.Input<string>; annotations?: StringMap } = {}) => ({
    namespace: args.namespace,
    labels,
    annotations: { ...own.annotations, ...args.annotations, ...madeByStack() },
    ...(own.name === undefined ? {} : { name: own.name }),
  });
}

/** Saves the ten seconds that the provider waits for the endpoints of a Service; dependents wait for Deployments. */
export const skipAwait: StringMap = { "pulumi.com/skipAwait": "true" };
