import type * as pulumi from "@pulumi/pulumi";
import { type BillableResource, monthlyCostUsd } from "../components/cost/index.ts";

/** Prices everything that is made with its transformation, as the cost table of a preview does. */
export function bill() {
  const resources: BillableResource[] = [];
  const transformation: pulumi.ResourceTransformation = ({ type, name, props }) => {
    resources.push({ type, name, inputs: props });
    return undefined;
  };
  return { transformation, monthlyCostUsd: () => monthlyCostUsd(resources) };
}

export type Bill = ReturnType<typeof bill>;
