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

/** What costs nothing at Google, or is paid for as a part of something else. Certificates are free up to a hundred. */
const free = [
  /^gcp:(certificatemanager|projects|serviceaccount|servicenetworking)\//,
  /^gcp:compute\/(network|router|sSLPolicy|subnetwork):/,
  /^gcp:(dns\/recordSet|sql\/database|sql\/user):/,
  /^gcp:\w+\/\w+IAMMember:/i,
];

/** What the resources cost a month, line by line. What has no price in the table is not among them. */
export const monthlyCosts = (resources: readonly BillableResource[]): CostItem[] =>
  lines(resources).filter(({ monthlyUsd }) => !Number.isNaN(monthlyUsd));

/** What costs money at Google, but has no price in the table: a kind of resource, a tier, a machine. */
export const unpriced = (resources: readonly BillableResource[]): Omit<CostItem, "monthlyUsd">[] =>
  lines(resources).filter(({ monthlyUsd }) => Number.isNaN(monthlyUsd));

function lines(resources: readonly BillableResource[]): CostItem[] {
  const around = surroundings(resources);
  return resources.flatMap((resource) => {
    const price = isGoogleGateway(resource)
      ? gatewayLines
      : (prices[resource.type] ?? unknownLines);
    return price(resource, around).map(({ item, usd }) => ({
      resource: resource.name,
      item,
      monthlyUsd: cents(usd),
    }));
  });
}

/** A resource type of Google Cloud without a known price. All other types are free or not Google's. */
const unknownLines = ({ type }: BillableResource): Line[] =>
  type.startsWith("gcp:") && !free.some((one) => one.test(type)) ? [{ item: type, usd: NaN }] : [];

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
