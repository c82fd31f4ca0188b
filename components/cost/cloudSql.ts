import { number, section, text } from "./inputs.ts";
import type { BillableResource, Line } from "./lines.ts";
import { assumed, cloudSql, hoursPerMonth } from "./prices.ts";

/** A Cloud SQL instance for Postgres: processor and memory while it runs, disk and backups always. */
export function cloudSqlLines({ inputs }: BillableResource): Line[] {
  const settings = section(inputs, "settings");
  const stopped = text(settings, "activationPolicy") === "NEVER";
  const regional = text(settings, "availabilityType") === "REGIONAL";
  const factor = regional ? cloudSql.regionalFactor : 1;
  const size = number(settings, "diskSize") ?? 10;
  const hdd = text(settings, "diskType") === "PD_HDD";
  const lines: Line[] = [];
  const hourly = tierPrice(text(settings, "tier"), text(settings, "edition"));
  if (!stopped) {
    lines.push({
      item: `${text(settings, "tier") ?? "unknown tier"}, ${regional ? "regional" : "zonal"}`,
      usd: hourly * factor * hoursPerMonth,
    });
  }
  lines.push({
    item: `disk, ${size} GB ${hdd ? "HDD" : "SSD"}`,
    usd: size * (hdd ? cloudSql.hddGb : cloudSql.ssdGb) * factor,
  });
  if (section(settings, "backupConfiguration")["enabled"] === true) {
    const backups = size * assumed.backupShare;
    lines.push({ item: `backups, about ${backups} GB`, usd: backups * cloudSql.backupGb });
  }
  // Google gives an instance a public address by default
  if (stopped && section(settings, "ipConfiguration")["ipv4Enabled"] !== false) {
    lines.push({ item: "idle public address", usd: cloudSql.idleAddress * hoursPerMonth });
  }
  return lines;
}

/** Hourly price of a zonal instance; not a number for a tier that the table does not know. */
function tierPrice(tier: string | undefined, edition: string | undefined): number {
  if (tier === undefined) return NaN;
  const shared = cloudSql.sharedCore[tier];
  if (shared !== undefined) return shared;
  const custom = /^db-custom-([0-9]+)-([0-9]+)$/.exec(tier);
  if (custom) {
    const { vcpu, memoryGb } =
      edition === "ENTERPRISE_PLUS" ? cloudSql.enterprisePlus : cloudSql.enterprise;
    return Number(custom[1]) * vcpu + (Number(custom[2]) / 1024) * memoryGb;
  }
  // the predefined tiers of ENTERPRISE_PLUS have 8 GB for a vCPU
  const plus = /^db-perf-optimized-N-([0-9]+)$/.exec(tier);
  if (!plus) return NaN;
  const { vcpu, memoryGb } = cloudSql.enterprisePlus;
  return Number(plus[1]) * (vcpu + 8 * memoryGb);
}
