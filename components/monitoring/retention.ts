import * as pulumi from "@pulumi/pulumi";
import { type Combination, matches, must, quantity, type Rules } from "../core/checks.ts";

const quantityUnits = ["Ki", "Mi", "Gi", "Ti", "Pi"];
// Prometheus counts in powers of 1024 and leaves the i out
const prometheusUnits = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

/** Bytes of a Kubernetes quantity such as `8Gi`. */
function quantityBytes(quantity: string): number {
  const exponent = quantityUnits.indexOf(quantity.slice(-2)) + 1;
  return Number.parseInt(quantity, 10) * 1024 ** exponent;
}

function retentionBytes(size: string): number {
  const exponent = prometheusUnits.indexOf(size.replace(/^\d+/, ""));
  return Number.parseInt(size, 10) * 1024 ** exponent;
}

/** Four fifths of a claim as Prometheus writes sizes: the rest is for the blocks that are being compacted. */
const defaultRetentionSize = (storageSize: string) =>
  `${Math.floor((quantityBytes(storageSize) * 0.8) / 1024 ** 2)}MB`;

export interface RetentionArgs {
  storageSize?: pulumi.Input<string>;
  retention?: pulumi.Input<string>;
  retentionSize?: pulumi.Input<string>;
}

export const retentionRules: Rules<RetentionArgs> = {
  storageSize: quantity("8Gi"),
  retention: matches(/^([1-9][0-9]*(y|w|d|h|m|s))+$/, "be a duration such as 15d"),
  retentionSize: matches(/^[1-9][0-9]*([KMGTPE]?B)$/, "be a size such as 6GB (of 1024 MB each)"),
};

const defaultStorageSize = "8Gi";

/** Prometheus must drop samples before its claim is full. */
export const retentionFits: Combination<RetentionArgs> = (check, args) => {
  const { storageSize = defaultStorageSize, retentionSize } = args;
  if (retentionSize === undefined) return;
  const fits = must<[string, string]>(
    `be smaller than ${check.pathOf("storageSize")}; lower it or leave it out`,
    ([size, storage]) => retentionBytes(size) < quantityBytes(storage),
  );
  const sizes = [retentionSize, storageSize];
  check
    .at("retentionSize")
    .holdAs(sizes.every((size) => typeof size === "string") ? sizes : pulumi.all(sizes), fits);
};

/** The size of Prometheus' claim, and the age and size at which it drops its oldest data: always below the claim's. */
export function retentionOf({
  storageSize = defaultStorageSize,
  retention = "15d",
  retentionSize,
}: RetentionArgs) {
  return {
    storageSize,
    retention,
    retentionSize: retentionSize ?? pulumi.output(storageSize).apply(defaultRetentionSize),
  };
}
