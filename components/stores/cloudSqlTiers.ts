/*
 * What Cloud SQL offers, without imports of Pulumi: the commands read their settings with it.
 */

/** Edition of Cloud SQL: what tiers there are, and how far back its logs reach. */
export const CloudSqlEdition = {
  /** Shared and dedicated cores, transaction logs of up to 7 days. */
  Enterprise: "ENTERPRISE",
  /** Performance-optimised machines at 1.3 times the price, less than a second of downtime for maintenance, transaction logs of up to 35 days. */
  EnterprisePlus: "ENTERPRISE_PLUS",
} as const;
export type CloudSqlEdition = (typeof CloudSqlEdition)[keyof typeof CloudSqlEdition];

/** Whether the database outlives its zone. */
export const CloudSqlAvailability = {
  /** One zone. */
  Zonal: "ZONAL",
  /** A standby in a second zone takes over within about a minute. Doubles the price of cores, memory and disk. */
  Regional: "REGIONAL",
} as const;
export type CloudSqlAvailability = (typeof CloudSqlAvailability)[keyof typeof CloudSqlAvailability];

/** Major version of Postgres. */
export const CloudSqlVersion = {
  /** Postgres 16, for software that does not support 17 yet. */
  Postgres16: "POSTGRES_16",
  /** Postgres 17, the default. */
  Postgres17: "POSTGRES_17",
  /** Postgres 18, the newest. */
  Postgres18: "POSTGRES_18",
} as const;
export type CloudSqlVersion = (typeof CloudSqlVersion)[keyof typeof CloudSqlVersion];

/** Machine of the database. Prices are those of a zonal instance in us-central1 a month, without disk. */
export const CloudSqlTier = {
  /** A shared core and 0.6 GB for $7.67. The cheapest and the slowest: about 25 minutes to create, no SLA. */
  SharedMicro: "db-f1-micro",
  /** A shared core and 1.7 GB for $25.55. About 25 minutes to create, no SLA. */
  SharedSmall: "db-g1-small",
  /** 1 vCPU and 3.75 GB for $49.31. About 10 minutes to create. */
  Custom1: "db-custom-1-3840",
  /** 2 vCPUs and 7.5 GB for $98.62. About 10 minutes to create. */
  Custom2: "db-custom-2-7680",
  /** 4 vCPUs and 15 GB for $197.25. About 10 minutes to create. */
  Custom4: "db-custom-4-15360",
  /** 8 vCPUs and 30 GB for $394.49. About 10 minutes to create. */
  Custom8: "db-custom-8-30720",
  /** 2 vCPUs and 16 GB for $184.68, in ENTERPRISE_PLUS. About 10 minutes to create. */
  Optimized2: "db-perf-optimized-N-2",
  /** 4 vCPUs and 32 GB for $369.35, in ENTERPRISE_PLUS. About 10 minutes to create. */
  Optimized4: "db-perf-optimized-N-4",
  /** 8 vCPUs and 64 GB for $738.70, in ENTERPRISE_PLUS. About 10 minutes to create. */
  Optimized8: "db-perf-optimized-N-8",
} as const;
export type CloudSqlTier = (typeof CloudSqlTier)[keyof typeof CloudSqlTier];

/** What an edition allows, and its defaults. */
export const editionFacts = {
  [CloudSqlEdition.Enterprise]: { tier: CloudSqlTier.Custom1, mostLogDays: 7 },
  [CloudSqlEdition.EnterprisePlus]: { tier: CloudSqlTier.Optimized2, mostLogDays: 35 },
} as const;

export interface TierFacts {
  readonly edition: CloudSqlEdition;
  /**
   * Connections that Cloud SQL allows for this much memory. The two tiers with a shared core would get 25 and 50,
   * less than one MLflow pod and its successor open.
   */
  readonly maxConnections: number;
  readonly sharedCore?: true;
}

const { Enterprise, EnterprisePlus } = CloudSqlEdition;

export const tierFacts: { readonly [tier in CloudSqlTier]: TierFacts } = {
  "db-f1-micro": { edition: Enterprise, maxConnections: 60, sharedCore: true },
  "db-g1-small": { edition: Enterprise, maxConnections: 60, sharedCore: true },
  "db-custom-1-3840": { edition: Enterprise, maxConnections: 100 },
  "db-custom-2-7680": { edition: Enterprise, maxConnections: 400 },
  "db-custom-4-15360": { edition: Enterprise, maxConnections: 500 },
  "db-custom-8-30720": { edition: Enterprise, maxConnections: 600 },
  "db-perf-optimized-N-2": { edition: EnterprisePlus, maxConnections: 500 },
  "db-perf-optimized-N-4": { edition: EnterprisePlus, maxConnections: 600 },
  "db-perf-optimized-N-8": { edition: EnterprisePlus, maxConnections: 800 },
};

export const isTierOf = (edition: CloudSqlEdition) => (tier: CloudSqlTier) =>
  tierFacts[tier].edition === edition;
