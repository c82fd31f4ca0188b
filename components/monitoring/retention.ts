import * as pulumi from "@pulumi/pulumi";
import { ensure, refuse } from "../core/checks.ts";
import { checkedStorageSize } from "../kubernetes/claims.ts";

const quantityUnits = ["Ki", "Mi", "Gi", "Ti", "Pi"];
// Prometheus counts in powers of 1024 and leaves the i out
const prometheusUnits = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

const isRetentionSize = (size: string) => /^[1-9][0-9]*([KMGTPE]?B)$/.test(size);
const isDuration = (time: string) => /^([1-9][0-9]*(y|w|d|h|m|s))+$/.test(time);

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

export interface StorageArgs {
  storageSize?: pulumi.Input<string>;
  retention?: pulumi.Input<string>;
  retentionSize?: pulumi.Input<string>;
}

/** The size of Prometheus' claim, and the age and size at which it drops its oldest data: always below the claim's. */
export function checkedStorage(subject: string, args: StorageArgs, path = "") {
  const storageSize = checkedStorageSize(subject, args, "8Gi", `${path}storageSize`);
  const retention = ensure(
    subject,
    `${path}retention`,
    args.retention ?? "15d",
    isDuration,
    "be a duration such as 15d",
  );
  if (args.retentionSize === undefined) {
    return { storageSize, retention, retentionSize: storageSize.apply(defaultRetentionSize) };
  }
  const given = ensure(
    subject,
    "retentionSize",
    args.retentionSize,
    isRetentionSize,
    "be a size such as 6GB (of 1024 MB each)",
  );
  const fits = (size: string, storage: string) =>
    refuse(
      subject,
      retentionBytes(size) >= quantityBytes(storage),
      `retentionSize must be smaller than storageSize, which is ${storage}; lower it or leave it out`,
    );
  const plainStorage = args.storageSize ?? "8Gi";
  if (typeof args.retentionSize === "string" && typeof plainStorage === "string") {
    fits(args.retentionSize, plainStorage);
  }
  const retentionSize = pulumi.all([given, storageSize]).apply(([size, storage]) => {
    fits(size, storage);
    return size;
  });
  return { storageSize, retention, retentionSize };
}
