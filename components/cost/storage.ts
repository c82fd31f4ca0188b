import { gigabytes, list, number, section, text } from "./inputs.ts";
import type { BillableResource, Line, Surroundings } from "./lines.ts";
import { assumed, bucketGb, diskGb, multiRegionGb, registryGb } from "./prices.ts";

/** What is in a bucket: `expectedSizeGb` of its component, which Google does not know, else an assumed size. */
export function bucketLines({ inputs }: BillableResource): Line[] {
  const size = number(inputs, "expectedSizeGb") ?? assumed.bucketGb;
  // a region has its number at the end, a multi-region such as US or EUR4 has no dash
  const prices = text(inputs, "location")?.includes("-") === false ? multiRegionGb : bucketGb;
  const storageClass = text(inputs, "storageClass")?.toUpperCase() ?? "STANDARD";
  return [{ item: `storage, about ${size} GB`, usd: size * (prices[storageClass] ?? NaN) }];
}

/** Images in a repository of Artifact Registry. */
export function registryLines({ inputs }: BillableResource): Line[] {
  const size = number(inputs, "expectedSizeGb") ?? assumed.registryGb;
  return [{ item: `images, about ${size} GB`, usd: size * registryGb }];
}

/** A claim on a cluster of Google's is a disk there; on any other cluster its price is not known. */
export function claimLines({ inputs }: BillableResource, { onGoogle }: Surroundings): Line[] {
  return onGoogle ? diskLines(claimSize(inputs)) : [];
}

/** The claims that a StatefulSet makes for each of its pods. */
export function claimTemplateLines({ inputs }: BillableResource, around: Surroundings): Line[] {
  if (!around.onGoogle) return [];
  const spec = section(inputs, "spec");
  const size = list(spec, "volumeClaimTemplates").reduce<number>(
    (sum, claim) => sum + claimSize(claim),
    0,
  );
  return diskLines(size * (number(spec, "replicas") ?? 1));
}

/** In GB; not a number where it is not known yet. */
const claimSize = (claim: unknown): number =>
  gigabytes(section(claim, "spec", "resources", "requests")["storage"]) ?? NaN;

/** Google's default storage class makes balanced disks. */
function diskLines(size: number): Line[] {
  const item = Number.isNaN(size) ? "disk of unknown size" : `disk, ${size} GB`;
  return size === 0 ? [] : [{ item, usd: size * diskGb["pd-balanced"]! }];
}
