import type { Fields } from "./api.ts";
import { invalid } from "./googleError.ts";
import { creationTime, type World } from "./world.ts";

/** A new instance as Google completes it. */
export function completeInstance(world: World, body: Fields): Fields {
  const { rootPassword: _, ...rest } = body;
  const { name, region } = body as { name: string; region: string };
  const settings = completeSettings(body);
  return {
    kind: "sql#instance",
    databaseVersion: "POSTGRES_17",
    instanceType: "CLOUD_SQL_INSTANCE",
    backendType: "SECOND_GEN",
    maintenanceVersion: `${body["databaseVersion"]}_6.R20260901.00_01`,
    sqlNetworkArchitecture: "NEW_NETWORK_ARCHITECTURE",
    gceZone: `${region}-b`,
    ...rest,
    state: "PENDING_CREATE",
    project: world.project,
    settings,
    connectionName: `${world.project}:${region}:${name}`,
    ipAddresses: addresses(settings["ipConfiguration"]),
    serviceAccountEmailAddress: `p${world.projectNumber}-abcdef@gcp-sa-cloud-sql.iam.gserviceaccount.com`,
    serverCaCert: {
      kind: "sql#sslCert",
      cert: "-----BEGIN CERTIFICATE-----\nfake\n-----END CERTIFICATE-----",
      commonName: "C=US,O=Google\\, Inc,CN=Google Cloud SQL Server CA",
      createTime: creationTime,
      expirationTime: "2036-01-01T00:00:00.000Z",
      instance: name,
      sha1Fingerprint: "0123456789abcdef0123456789abcdef01234567",
    },
    selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/projects/${world.project}/instances/${name}`,
    createTime: creationTime,
    etag: "instance",
  };
}

function completeSettings(body: Fields): Fields {
  const settings = { ...defaultSettings(body), ...body["settings"] } as Fields;
  settings["ipConfiguration"] = {
    ipv4Enabled: true,
    sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
    serverCaMode: "GOOGLE_MANAGED_INTERNAL_CA",
    ...settings["ipConfiguration"],
  };
  settings["backupConfiguration"] = {
    kind: "sql#backupConfiguration",
    enabled: false,
    startTime: "03:00",
    backupTier: "STANDARD",
    ...settings["backupConfiguration"],
  };
  return settings;
}

/** Settings in place of others. A disk never shrinks. */
export const replaced = ({ dataDiskSizeGb }: Fields, body: Fields): Fields =>
  completeSettings({ ...body, settings: { dataDiskSizeGb, ...body["settings"] } });

const defaultSettings = (body: Fields): Fields => ({
  kind: "sql#settings",
  settingsVersion: "1",
  activationPolicy: "ALWAYS",
  availabilityType: "ZONAL",
  pricingPlan: "PER_USE",
  replicationType: "SYNCHRONOUS",
  dataDiskType: "PD_SSD",
  dataDiskSizeGb: "10",
  storageAutoResize: true,
  storageAutoResizeLimit: "0",
  // the trap: the default of newer versions refuses small tiers
  edition: /POSTGRES_(9_6|1[0-5])$/.test(String(body["databaseVersion"]))
    ? "ENTERPRISE"
    : "ENTERPRISE_PLUS",
  connectorEnforcement: "NOT_REQUIRED",
  deletionProtectionEnabled: false,
  locationPreference: { kind: "sql#locationPreference", zone: `${body["region"]}-b` },
});

function addresses({ ipv4Enabled, privateNetwork }: Fields): Fields[] {
  return [
    ...(ipv4Enabled ? [{ type: "PRIMARY", ipAddress: "203.0.113.7" }] : []),
    ...(privateNetwork ? [{ type: "PRIVATE", ipAddress: "10.200.0.3" }] : []),
  ];
}

/** Settings with a change: maps are merged, everything else is replaced. */
export function merged(before: Fields, change: Fields | undefined): Fields {
  const result: Fields = { ...before };
  for (const [key, value] of Object.entries(change ?? {})) {
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    result[key] = isMap ? merged((before[key] as Fields | undefined) ?? {}, value) : value;
  }
  return result;
}

const enterpriseTier = /^db-(f1-micro|g1-small|custom-[0-9]+-[0-9]+)$/;
const plusTier = /^db-(perf-optimized-N|c4a-highmem)-[0-9]+$/;

/** What Google finds only when the instance is to be made. No preview sees it. */
export function checkSettings({ settings, databaseVersion }: Fields): void {
  const { tier, edition, backupConfiguration: backup, ipConfiguration: ip } = settings as Fields;
  const isPlus = edition === "ENTERPRISE_PLUS";
  if (!(isPlus ? plusTier : enterpriseTier).test(tier)) {
    refuse(
      `Invalid Tier (${tier}) for (${edition}) Edition. Use a predefined Tier like ${isPlus ? "db-perf-optimized-N-*" : "db-custom-*-*"} instead.`,
    );
  }
  const [, cpus, memory] = /^db-custom-(\d+)-(\d+)$/.exec(tier) ?? [];
  if (cpus !== undefined && !isCustomMachine(Number(cpus), Number(memory))) {
    refuse(`Invalid custom machine type ${tier}.`);
  }
  if (!/^POSTGRES_(9_6|1[0-8])$/.test(databaseVersion)) {
    refuse(`Invalid database version ${databaseVersion}.`);
  }
  const isRegional = settings.availabilityType === "REGIONAL";
  if (isRegional && /micro|small/.test(tier)) refuse(`REGIONAL is not supported for tier ${tier}.`);
  if (isRegional && !(backup.enabled && backup.pointInTimeRecoveryEnabled)) {
    refuse("Automated backups and point-in-time recovery must be enabled for REGIONAL instances.");
  }
  if (backup.pointInTimeRecoveryEnabled && !backup.enabled) {
    refuse("Point in time recovery must be disabled when backup is disabled.");
  }
  if (backup.binaryLogEnabled) refuse("Binary log is not supported for PostgreSQL.");
  const days = Number(backup.transactionLogRetentionDays ?? 7);
  if (days < 1 || days > (isPlus ? 35 : 7)) {
    refuse(`Invalid transaction log retention days ${days} for ${edition}.`);
  }
  if (settings.dataCacheConfig?.dataCacheEnabled && !isPlus) {
    refuse("Data cache is only supported for ENTERPRISE_PLUS edition.");
  }
  if (Number(settings.dataDiskSizeGb) < 10) refuse("Disk size must be at least 10 GB.");
  if (!ip.ipv4Enabled && !ip.privateNetwork && !ip.pscConfig?.pscEnabled) {
    refuse("At least one of Public IP, Private IP or PSC connectivity must be enabled.");
  }
}

function refuse(message: string): never {
  throw invalid(`Invalid request: ${message}`);
}

const isCustomMachine = (cpus: number, memory: number) =>
  (cpus === 1 || cpus % 2 === 0) &&
  cpus <= 96 &&
  memory % 256 === 0 &&
  memory >= Math.max(3840, cpus * 0.9 * 1024) &&
  memory <= cpus * 6.5 * 1024;
