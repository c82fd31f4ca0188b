/** A resource as a price needs it: its Pulumi type token, its logical name and its plain inputs. */
export interface BillableResource {
  /** Pulumi type token, such as `gcp:sql/databaseInstance:DatabaseInstance`. */
  type: string;
  /** Logical name of the resource: what a table of costs calls it. */
  name: string;
  /** Inputs of the resource. What is absent or unknown counts as Google's default. */
  inputs: { readonly [key: string]: unknown };
}

/** One line of a resource's bill, in US dollars a month, not rounded; not a number where the table has no price. */
export interface Line {
  item: string;
  usd: number;
}

/** Facts about the other resources that a price depends on. */
export interface Surroundings {
  /** Whether the program makes a cluster on Google Cloud, so that claims are Google's disks. */
  readonly onGoogle: boolean;
  /** Whether that cluster is Autopilot, which charges for pods instead of nodes. */
  readonly autopilot: boolean;
  /** Whether something answers at the external addresses. */
  readonly balanced: boolean;
  /** Fewest pods of a Deployment that an autoscaler rules, by the Deployment's name. */
  readonly fewestPods: { readonly [name: string]: number };
}
