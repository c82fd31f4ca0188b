import { lines, sql } from "./resources.ts";

describe("Cloud SQL", () => {
  const micro = { tier: "db-f1-micro", edition: "ENTERPRISE", diskSize: 10 };

  test.each<[string, object, string[]]>([
    ["smallest", micro, ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70"]],
    [
      "small",
      { ...micro, tier: "db-g1-small" },
      ["db-g1-small, zonal: 25.55", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "one dedicated core",
      { ...micro, tier: "db-custom-1-3840" },
      // 0.0413 × 730 + 3.75 × 0.007 × 730 = 30.149 + 19.1625
      ["db-custom-1-3840, zonal: 49.31", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "one dedicated core in two zones",
      { ...micro, tier: "db-custom-1-3840", availabilityType: "REGIONAL" },
      ["db-custom-1-3840, regional: 98.62", "disk, 10 GB SSD: 3.40"],
    ],
    [
      "Enterprise Plus",
      { tier: "db-perf-optimized-N-2", edition: "ENTERPRISE_PLUS", diskSize: 100 },
      // 2 × 0.05369 × 730 + 16 × 0.0091 × 730 = 78.3874 + 106.288
      ["db-perf-optimized-N-2, zonal: 184.68", "disk, 100 GB SSD: 17.00"],
    ],
    [
      "backups",
      { ...micro, backupConfiguration: { enabled: true } },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70", "backups, about 1 GB: 0.08"],
    ],
    [
      "a slow disk",
      { ...micro, diskType: "PD_HDD" },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB HDD: 0.90"],
    ],
    [
      "no size: Google's smallest disk",
      { tier: "db-f1-micro" },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "a public address in use",
      { ...micro, ipConfiguration: { ipv4Enabled: true } },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "stopped, with an address that lies idle",
      { ...micro, activationPolicy: "NEVER", ipConfiguration: { ipv4Enabled: true } },
      ["disk, 10 GB SSD: 1.70", "idle public address: 7.30"],
    ],
    [
      "stopped, in the network only",
      { ...micro, activationPolicy: "NEVER", ipConfiguration: { ipv4Enabled: false } },
      ["disk, 10 GB SSD: 1.70"],
    ],
    [
      "a tier that is known later",
      { tier: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" },
      ["disk, 10 GB SSD: 1.70"],
    ],
    ["a tier of tomorrow", { tier: "db-x-1" }, ["disk, 10 GB SSD: 1.70"]],
  ])("%s", (_, settings, expected) => {
    expect(lines(sql(settings))).toEqual(expected);
  });
});
