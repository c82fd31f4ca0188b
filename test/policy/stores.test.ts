import { describeRule, unknownText } from "./judged.ts";

const bucketType = "gcp:storage/bucket:Bucket";
const closed = { publicAccessPrevention: "enforced", uniformBucketLevelAccess: true };
const bucket = (props: object) => ({ type: bucketType, props });

describeRule("public-bucket", {
  "a closed bucket": [bucket(closed), []],
  "known only later": [
    bucket({ publicAccessPrevention: unknownText, uniformBucketLevelAccess: unknownText }),
    [],
  ],
  "left to Google's default": [
    bucket({}),
    [
      'Bucket "it": may be made public; set publicAccessPrevention to "enforced"',
      "set uniformBucketLevelAccess to true",
    ],
  ],
  inherited: [bucket({ ...closed, publicAccessPrevention: "inherited" }), ["may be made public"]],
  "access by object": [bucket({ ...closed, uniformBucketLevelAccess: false }), ["single objects"]],
  "an old-fashioned list": [
    { type: "gcp:storage/bucketACL:BucketACL", props: { predefinedAcl: "publicRead" } },
    ["leave predefinedAcl out"],
  ],
  "many of which one is open": [
    [bucket(closed), bucket({ ...closed, name: "b" }), bucket({})],
    ["", ""],
  ],
});

const databaseType = "gcp:sql/databaseInstance:DatabaseInstance";
const database = (ipConfiguration: unknown, more: object = {}) => ({
  type: databaseType,
  props: { settings: { ipConfiguration, ...more } },
});
const cluster = { type: "gcp:container/cluster:Cluster", name: "gke" };
const range = { name: "office", value: "203.0.113.0/24" };

describeRule("open-database", {
  "a private address": [database({ ipv4Enabled: false, sslMode: "ENCRYPTED_ONLY" }), []],
  "a public address for the proxy": [
    database({ ipv4Enabled: true, sslMode: "ENCRYPTED_ONLY" }),
    [],
  ],
  "certificates of clients": [database({ sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" }), []],
  "known only later": [database({ sslMode: unknownText, authorizedNetworks: unknownText }), []],
  "nothing said": [database({}), ["takes connections without TLS"]],
  "without TLS": [
    database({ sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED" }),
    ['set ipConfiguration.sslMode to "ENCRYPTED_ONLY"'],
  ],
  "a network let in": [
    database({ sslMode: "ENCRYPTED_ONLY", authorizedNetworks: [range] }),
    ["lets 203.0.113.0/24 connect past the Auth Proxy; leave authorizedNetworks out"],
  ],
  "a network that is known only later": [
    database({ sslMode: "ENCRYPTED_ONLY", authorizedNetworks: [{ value: unknownText }] }),
    ["past the Auth Proxy"],
  ],
  "another resource": [{ type: bucketType }, []],
});

describeRule("database-address", {
  "private next to a cluster": [[cluster, database({ ipv4Enabled: false })], []],
  "public next to a cluster": [
    [cluster, database({ ipv4Enabled: true })],
    [
      'DatabaseInstance "it": has a public address, though the cluster reaches it inside the network',
    ],
  ],
  "Google's default next to a cluster": [[cluster, database({})], ["has a public address"]],
  "known only later": [[cluster, database({ ipv4Enabled: unknownText })], []],
  "public without a cluster of Google's": [[database({ ipv4Enabled: true })], []],
  "two of three public": [
    [cluster, database({}), database({ ipv4Enabled: false }), database({ ipv4Enabled: true })],
    ["", ""],
  ],
});

describeRule("database-address-outside-google", {
  "public without a cluster of Google's": [
    [database({ ipv4Enabled: true })],
    ["only principals with the role Cloud SQL Client can connect"],
  ],
  "public next to a cluster: the other rule's": [[cluster, database({ ipv4Enabled: true })], []],
  private: [[database({ ipv4Enabled: false })], []],
  "known only later": [[database({ ipv4Enabled: unknownText })], []],
});

const locked = {
  deletionProtection: true,
  settings: { deletionProtectionEnabled: true },
};

describeRule("unprotected-data", {
  "all locks on": [{ type: databaseType, props: locked, protect: true }, []],
  "no lock": [
    { type: databaseType },
    [
      'DatabaseInstance "it": Pulumi\'s protect is off, deletionProtection is off, settings.deletionProtectionEnabled is off; set protectData to true',
    ],
  ],
  "Google's lock off": [
    {
      type: databaseType,
      protect: true,
      props: { ...locked, settings: { deletionProtectionEnabled: false } },
    },
    ["settings.deletionProtectionEnabled is off"],
  ],
  "known only later": [
    {
      type: databaseType,
      protect: true,
      props: { deletionProtection: unknownText, settings: unknownText },
    },
    [],
  ],
  "a bucket that is emptied": [
    { type: bucketType, protect: true, props: { forceDestroy: true } },
    ["forceDestroy deletes what is in it"],
  ],
  "the stack dev": [{ type: databaseType, stack: "dev" }, []],
  "a stack that is exempt": [{ type: databaseType, stack: "try" }, [], { exceptStacks: ["try"] }],
  "dev, where it is not exempt": [
    { type: databaseType, stack: "dev" },
    ["off"],
    { exceptStacks: [] },
  ],
  "what holds no data": [{ type: "gcp:compute/network:Network" }, []],
});

const claim = { type: "kubernetes:core/v1:PersistentVolumeClaim", name: "data" };

describeRule("unprotected-claim", {
  "on a volume": [
    claim,
    ["is deleted with its namespace or cluster; keep data in Cloud SQL and a bucket"],
  ],
  protected: [{ ...claim, protect: true }, []],
  "the stack dev": [{ ...claim, stack: "dev" }, []],
  "a stack that is exempt": [{ ...claim, stack: "try" }, [], { exceptStacks: ["try"] }],
});

describeRule("service-account-key", {
  "a key": [
    { type: "gcp:serviceaccount/key:Key", name: "mlops-tracking-identity-key" },
    ['Key "mlops-tracking-identity-key": makes a key that never expires'],
  ],
  "an account": [{ type: "gcp:serviceaccount/account:Account" }, []],
});

const sql = (tier: unknown, name: string) => ({
  type: databaseType,
  name,
  props: { settings: { tier, edition: "ENTERPRISE" } },
});

describeRule("monthly-budget", {
  "no budget": [[cluster], []],
  "within it": [[cluster], [], { monthlyBudgetUsd: 73 }],
  "over it": [
    [cluster, sql("db-custom-1-3840", "small"), sql("db-custom-16-61440", "big")],
    [
      "the stack costs 914.69 US dollars a month by the prices of 2026-11-22, over its budget of 500; most of it is big (db-custom-16-61440, zonal) 788.98, gke (cluster management) 73.00, small (db-custom-1-3840, zonal) 49.31; choose smaller machines",
    ],
    { monthlyBudgetUsd: 500 },
  ],
  "a tier that is known only later": [[sql(unknownText, "later")], [], { monthlyBudgetUsd: 5 }],
  "a budget of nothing": [[cluster], ["over its budget of 0"], { monthlyBudgetUsd: 0 }],
  "a budget that is no number": [[cluster], [], { monthlyBudgetUsd: "ten" }],
});
