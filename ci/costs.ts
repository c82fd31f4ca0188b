import {
  type BillableResource,
  cents,
  type CostItem,
  monthlyCosts,
  unpriced,
} from "../components/cost/index.ts";
import { nameOf, type PlannedChange, type PlannedState } from "./plan.ts";

/** What one component costs a month, in US dollars. */
export interface ComponentCost {
  readonly component: string;
  readonly was: number;
  readonly now: number;
  /** The lines of the new bill. */
  readonly items: readonly CostItem[];
}

export interface PlannedCosts {
  readonly components: readonly ComponentCost[];
  readonly was: number;
  readonly now: number;
  /** Resources without a known price, each as `mlops-cache (gcp:redis/instance:Instance)`. */
  readonly unpriced: readonly string[];
}

/** What the resources of a plan cost before and after, summed up by the component that they are children of. */
export function plannedCosts(plan: readonly PlannedChange[]): PlannedCosts {
  const before = bill(plan, ({ before }) => before).lines;
  const { lines: after, unpriced } = bill(plan, ({ after }) => after);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const components = names.map((component) => ({
    component,
    was: total(before.get(component)),
    now: total(after.get(component)),
    items: after.get(component) ?? [],
  }));
  return {
    components,
    was: cents(components.reduce((sum, { was }) => sum + was, 0)),
    now: cents(components.reduce((sum, { now }) => sum + now, 0)),
    unpriced,
  };
}

type Side = (change: PlannedChange) => PlannedState | undefined;

/** The lines of a bill by component, and what could not be priced. */
function bill(plan: readonly PlannedChange[], side: Side) {
  const states = new Map(plan.map((change) => [change.urn, side(change)]));
  const resources: BillableResource[] = [];
  const components = new Map<string, string>();
  for (const { urn } of plan) {
    const state = states.get(urn);
    if (!state) continue;
    const parent = states.get(state.parent ?? "");
    // the name alone is not unique: a component and its main resource may share it
    resources.push({ type: state.type, name: urn, inputs: completed(state, parent) });
    const isComponent = parent !== undefined && !parent.type.startsWith("pulumi:");
    components.set(urn, nameOf(isComponent ? (state.parent ?? urn) : urn));
  }
  // all at once, for pods and disks are priced by the cluster they are on
  const lines = new Map<string, CostItem[]>();
  for (const item of monthlyCosts(resources)) {
    const component = components.get(item.resource) ?? "";
    lines.set(component, [
      ...(lines.get(component) ?? []),
      { ...item, resource: nameOf(item.resource) },
    ]);
  }
  const others = unpriced(resources).map(({ resource, item }) => `${nameOf(resource)} (${item})`);
  return { lines, unpriced: others };
}

/** How much is kept in a bucket only its component knows. */
function completed({ inputs }: PlannedState, parent?: PlannedState): BillableResource["inputs"] {
  const size = parent?.inputs["expectedSizeGb"];
  return size === undefined ? inputs : { ...inputs, expectedSizeGb: size };
}

const total = (items: readonly CostItem[] = []): number =>
  cents(items.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0));
