/** Google Cloud's regions as of 2026-11. A preview cannot ask Google for them: it has no credentials. */
export const googleRegions: readonly string[] = [
  "africa-south1",
  ...numbered("asia-east", 1, 2),
  ...numbered("asia-northeast", 1, 2, 3),
  ...numbered("asia-south", 1, 2),
  ...numbered("asia-southeast", 1, 2, 3),
  ...numbered("australia-southeast", 1, 2),
  "europe-central2",
  ...numbered("europe-north", 1, 2),
  "europe-southwest1",
  ...numbered("europe-west", 1, 2, 3, 4, 6, 8, 9, 10, 12),
  ...numbered("me-central", 1, 2),
  "me-west1",
  ...numbered("northamerica-northeast", 1, 2),
  "northamerica-south1",
  "southamerica-east1",
  "southamerica-west1",
  "us-central1",
  ...numbered("us-east", 1, 4, 5),
  "us-south1",
  ...numbered("us-west", 1, 2, 3, 4),
];

/** Letters of a region's zones: three regions are older than the rule that they are a, b and c. */
export const zonesOf = (region: string): readonly string[] =>
  [...(oddZones[region] ?? "abc")].map((letter) => `${region}-${letter}`);

const oddZones: { readonly [region: string]: string } = {
  "europe-west1": "bcd",
  "us-east1": "bcd",
  "us-central1": "abcf",
};

/** Whether a place is a zone such as `europe-west1-b`, and not a region. */
export const isZone = (place: string): boolean => place.split("-").length > 2;

/** The region of a zone, or the region itself. */
export const regionOf = (place: string): string => place.split("-").slice(0, 2).join("-");

/** Places for a bucket that are wider than a region. */
export const multiRegions = ["US", "EU", "ASIA"];

function numbered(prefix: string, ...numbers: number[]): string[] {
  return numbers.map((number) => `${prefix}${number}`);
}
