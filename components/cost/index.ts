import { cloudSqlLines } from "./cloudSql.ts";
import { clusterLines, nodePoolLines } from "./clusterCosts.ts";
import { number, section, text } from "./inputs.ts";
import type { BillableResource, Line, Surroundings } from "./lines.ts";
import { addressLines, dnsLines, gatewayLines, isGoogleGateway, natLines } from "./network.ts";
import { releaseLines, workloadLines } from "./podCosts.ts";
import { pricesAsOf } from "./prices.ts";
import { bucketLines, claimLines, claimTemplateLines, registryLines } from "./storage.ts";

export { type BillableResource, pricesAsOf };

/** One line of a bill, in US dollars a month of 730 hours. */
export interface CostItem {
  /** Logical name of the resource. */
  resource: string;
  /** What is paid for, such as `disk, 10 GB SSD`. */
  item: string;
  /** US dollars a month, rounded to cents. */
  monthlyUsd: number;
}

type Price = (resource: BillableResource, around: Surroundings) => Line[];

const prices: { readonly [type: string]: Price } = {
  "gcp:artifactregistry/repository:Repository": registryLines,
  "gcp:compute/address:Address": addressLines,
  "gcp:compute/globalAddress:GlobalAddress": addressLines,
  "gcp:compute/routerNat:RouterNat": natLines,
  "gcp:container/cluster:Cluster": clusterLines,
  "gcp:container/nodePool:NodePool": nodePoolLines,
  "gcp:dns/managedZone:ManagedZone": dnsLines,
  "gcp:sql/databaseInstance:DatabaseInstance": cloudSqlLines,
  "gcp:storage/bucket:Bucket": bucketLines,
  "kubernetes:apps/v1:Deployment": workloadLines,
  "kubernetes:apps/v1:StatefulSet": (resource, around) => [
    ...workloadLines(resource, around),
    ...claimTemplateLines(resource, around),
  ],
  "kubernetes:core/v1:PersistentVolumeClaim": claimLines,
  "kubernetes:helm.sh/v3:Release": releaseLines,
};

/** What the resources cost a month, line by line. Resources without a price have no line. */
export function monthlyCosts(resources: readonly BillableResource[]): CostItem[] {
  const around = surroundings(resources);
  return resources.flatMap((resource) => {
    const price = isGoogleGateway(resource) ? gatewayLines : prices[resource.type];
    return (price?.(resource, around) ?? []).map(({ item, usd }) => ({
      resource: resource.name,
      item,
      monthlyUsd: cents(usd),
    }));
  });
}

/** What the resources cost a month in US dollars, rounded to cents. */
export function monthlyCostUsd(resources: readonly BillableResource[]): number {
  return cents(monthlyCosts(resources).reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0));
}

/** The same for a single resource. */
export const resourceCostUsd = (type: string, inputs: BillableResource["inputs"]): number =>
  monthlyCostUsd([{ type, name: type, inputs }]);

function surroundings(resources: readonly BillableResource[]): Surroundings {
  const clusters = resources.filter(({ type }) => type === "gcp:container/cluster:Cluster");
  const fewestPods = resources
    .filter(({ type }) => /^kubernetes:autoscaling\/v[12]:HorizontalPodAutoscaler$/.test(type))
    .map(({ inputs }): [string, number] => [
      text(section(inputs, "spec", "scaleTargetRef"), "name") ?? "",
      number(section(inputs, "spec"), "minReplicas") ?? 1,
    ]);
  return {
    onGoogle: clusters.length > 0,
    autopilot: clusters.some(({ inputs }) => inputs["enableAutopilot"] === true),
    balanced: resources.some(isGoogleGateway),
    fewestPods: Object.fromEntries(fewestPods),
  };
}

/** An amount rounded to cents. */
export const cents = (usd: number): number => Math.round(usd * 100) / 100;
