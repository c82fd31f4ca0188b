import { pricesAsOf } from "./prices.ts";

export { pricesAsOf };

/** A resource as a price needs it: its Pulumi type token, its logical name and its plain inputs. */
export interface BillableResource {
  /** Pulumi type token, such as `gcp:sql/databaseInstance:DatabaseInstance`. */
  type: string;
  /** Logical name of the resource: what a table of costs calls it. */
  name: string;
  /** Inputs of the resource. What is absent or unknown counts as Google's default. */
  inputs: { readonly [key: string]: unknown };
}

/** One line of a bill, in US dollars a month of 730 hours. */
export interface CostItem {
  /** Logical name of the resource. */
  resource: string;
  /** What is paid for, such as `storage, 10 GB SSD`. */
  item: string;
  /** US dollars a month, rounded to cents. */
  monthlyUsd: number;
}

/** What the resources cost a month, line by line. Resources without a price have no line. */
export function monthlyCosts(_resources: readonly BillableResource[]): CostItem[] {
  return [];
}

/** What the resources cost a month in US dollars, rounded to cents. */
export function monthlyCostUsd(resources: readonly BillableResource[]): number {
  const total = monthlyCosts(resources).reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
  return Math.round(total * 100) / 100;
}
