/**
 * Google's list prices in US dollars for us-central1. Other regions differ, mostly by 0 to 40 % upwards. Taxes, free
 * tiers, credits and discounts for committed use are left out.
 */

/** Day on which the prices were compared with their sources. */
export const pricesAsOf: string = "2026-11-22";

/** Hours of a month as Google's calculator counts them. */
export const hoursPerMonth = 730;

/** Cloud SQL for PostgreSQL, https://cloud.google.com/sql/pricing; the figures of ENTERPRISE also as Infracost's tests have them. */
export const cloudSql = {
  /** Hourly price of the tiers with a shared core; both exist in ENTERPRISE only. */
  sharedCore: { "db-f1-micro": 0.0105, "db-g1-small": 0.035 } as {
    readonly [tier: string]: number;
  },
  /** ENTERPRISE, an hour. */
  enterprise: { vcpu: 0.0413, memoryGb: 0.007 },
  /** ENTERPRISE_PLUS, an hour: 30 % above ENTERPRISE. */
  enterprisePlus: { vcpu: 0.05369, memoryGb: 0.0091 },
  /** GB of disk a month. */
  ssdGb: 0.17,
  hddGb: 0.09,
  /** GB of backups a month. */
  backupGb: 0.08,
  /** What a regional instance costs compared with a zonal one: processor, memory and disk stand twice. */
  regionalFactor: 2,
  /** A public IPv4 address of a stopped instance, an hour. It is free while the instance runs. */
  idleAddress: 0.01,
};

/** Kubernetes Engine, https://cloud.google.com/kubernetes-engine/pricing. */
export const kubernetesEngine = {
  /** Management of one cluster, an hour. The monthly credit of 74.40 for one zonal or Autopilot cluster is not subtracted. */
  management: 0.1,
  /** What Autopilot charges for the requests of a pod, an hour. */
  autopilot: { vcpu: 0.0445, memoryGb: 0.0049225, storageGb: 0.0000548 },
};

/**
 * Machines, an hour for each vCPU with the memory of its family; https://cloud.google.com/compute/vm-instance-pricing. The
 * figures are those of Google's billing catalogue.
 */
export const vcpuWithMemory: { readonly [family: string]: number } = {
  "e2-standard": 0.02181159 + 4 * 0.00292353,
  "e2-highmem": 0.02181159 + 8 * 0.00292353,
  "e2-highcpu": 0.02181159 + 0.00292353,
  "g2-standard": 0.03669369,
  "n1-standard": 0.0475,
};
/** vCPUs of `e2-standard` for which a machine with shared cores is billed. */
export const sharedCores: { readonly [type: string]: number } = {
  "e2-micro": 0.25,
  "e2-small": 0.5,
  "e2-medium": 1,
};

/** GPUs of a machine, an hour each; https://cloud.google.com/compute/gpus-pricing. */
export const attachedGpus: { readonly [type: string]: number } = {
  "nvidia-l4": 0.56005752,
  "nvidia-tesla-t4": 0.35,
};

/**
 * What a spot machine costs compared with a normal one: https://cloud.google.com/spot-vms/pricing lists E2 at 40 %, and
 * Infracost's tests of July 2026 have N1 at 30.5 %. Spot prices move, up to daily.
 */
export const spotFactor = { n1: 0.305, others: 0.4 };

/**
 * What N1 machines and attached GPUs cost of their list price when they run all month: Google subtracts that without a
 * commitment, https://cloud.google.com/compute/docs/sustained-use-discounts. E2 and G2 have no such discount.
 */
export const sustainedUse = 0.7;

/** Persistent disks, GB a month; https://cloud.google.com/compute/disks-image-pricing. */
export const diskGb: { readonly [type: string]: number } = {
  "pd-standard": 0.04,
  "pd-balanced": 0.1,
  "pd-ssd": 0.17,
};

/** https://cloud.google.com/nat/pricing: an hour for a machine behind the gateway, and for its address. */
export const nat = { machine: 0.0014, address: 0.005 };

/** https://cloud.google.com/load-balancing/pricing: the first five forwarding rules together, then each, an hour. */
export const forwardingRules = { firstFive: 0.025, further: 0.01 };

/** https://cloud.google.com/vpc/network-pricing: an external address that nothing uses, an hour. It is free at a forwarding rule. */
export const unusedAddress = 0.01;

/** https://cloud.google.com/storage/pricing: GB a month by class, in one region. */
export const bucketGb: { readonly [storageClass: string]: number } = {
  STANDARD: 0.02,
  NEARLINE: 0.01,
  COLDLINE: 0.004,
  ARCHIVE: 0.0012,
};
/** The same in a multi-region such as `US`. */
export const multiRegionGb: typeof bucketGb = {
  STANDARD: 0.026,
  NEARLINE: 0.015,
  COLDLINE: 0.00875,
  ARCHIVE: 0.003,
};

/** https://cloud.google.com/artifact-registry/pricing: GB a month. */
export const registryGb = 0.1;

/** https://cloud.google.com/dns/pricing: a managed zone, a month. */
export const dnsZone = 0.2;

/** What is not in the inputs of a resource and had to be assumed. */
export const assumed = {
  /** GB in a bucket, unless its component says otherwise. */
  bucketGb: 10,
  /** GB of images: four images in a few versions. */
  registryGb: 5,
  /** Backups compared with the disk: they are billed by data, and MLflow's database is small. */
  backupShare: 0.1,
  /** Machines behind a NAT gateway. */
  natMachines: 3,
  /** Zones of a regional cluster. */
  zones: 3,
  /** Requests of a container without requests on Autopilot. */
  autopilotVcpu: 0.5,
  autopilotMemoryGb: 2,
  /** Scratch space of a pod on Autopilot, GB. */
  autopilotStorageGb: 1,
};
