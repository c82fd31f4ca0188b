import type { ResourceRule, SeenResource } from "../rule.ts";
import { at, mayBe, textsAt, type Values } from "../values.ts";

const configSchema = {
  properties: {
    exceptStacks: {
      type: "array",
      items: { type: "string" },
      description: "Stacks whose data may be lost.",
      default: ["dev"],
    },
  },
} as const;

/** Further locks of each store, in addition to Pulumi's protect. */
const locks: Readonly<
  Record<string, readonly (readonly [path: readonly string[], wanted: unknown])[]>
> = {
  "gcp:sql/databaseInstance:DatabaseInstance": [
    [["deletionProtection"], true],
    [["settings", "deletionProtectionEnabled"], true],
  ],
  "gcp:storage/bucket:Bucket": [],
};

export const unprotectedData: ResourceRule = {
  name: "unprotected-data",
  description: "Databases and buckets are protected from deletion in every stack but dev.",
  level: "mandatory",
  configSchema: { properties: { ...configSchema.properties } },
  check(resource, config) {
    const wanted = locks[resource.type];
    if (wanted === undefined || isExempt(resource, config)) return [];
    const { values } = resource;
    const open = wanted.filter(([path, value]) => !mayBe(at(values, ...path), value));
    const faults = [
      ...(resource.protect ? [] : ["Pulumi's protect is off"]),
      ...open.map(([path]) => `${path.join(".")} is off`),
      ...(at(values, "forceDestroy") === true ? ["forceDestroy deletes what is in it"] : []),
    ];
    return faults.length === 0 ? [] : [`${faults.join(", ")}; set protectData to true`];
  },
};

export const unprotectedClaim: ResourceRule = {
  name: "unprotected-claim",
  description: "Data on volumes of the cluster is lost with the cluster, in every stack but dev.",
  level: "advisory",
  configSchema: { properties: { ...configSchema.properties } },
  check: (resource, config) =>
    resource.type === "kubernetes:core/v1:PersistentVolumeClaim" &&
    !resource.protect &&
    !isExempt(resource, config)
      ? [
          "is an unprotected volume: it is deleted with its namespace or cluster; keep data in Cloud SQL and a bucket (dataStores: gcp)",
        ]
      : [],
};

function isExempt({ stack }: SeenResource, config: Values): boolean {
  return ("exceptStacks" in config ? textsAt(config, "exceptStacks") : ["dev"]).includes(stack);
}
