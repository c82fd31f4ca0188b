import { UserError } from "../local/support/errors.ts";

/** What the update does to a resource. */
export type Action = "same" | "create" | "update" | "replace" | "delete";

/** A resource as a preview knows it. */
export interface PlannedState {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  /** Whether it exists outside the program; a component does not. */
  readonly custom: boolean;
  readonly parent?: string;
}

export interface PlannedChange {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly action: Action;
  /** As the last update left it. */
  readonly before?: PlannedState;
  /** As the next update would leave it. */
  readonly after?: PlannedState;
  /** Paths of properties because of which it changes. */
  readonly because: readonly string[];
}

/** A step of a preview, as the CLI writes it with `--json`. */
export interface Step {
  op: string;
  urn: string;
  oldState?: RawState;
  newState?: RawState;
  detailedDiff?: Record<string, unknown> | null;
  diffReasons?: string[] | null;
  replaceReasons?: string[] | null;
}

interface RawState {
  type: string;
  inputs?: Record<string, unknown>;
  protect?: boolean;
  custom?: boolean;
  parent?: string;
}

const actions: Readonly<Record<string, Action>> = {
  same: "same",
  create: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  delete: "delete",
};

/** Reads what `pulumi preview --json --show-sames` prints. */
export function readPlan(text: string): PlannedChange[] {
  return changesOf(stepsOf(text));
}

/** One change for every resource, though a replacement is several steps. */
export function changesOf(steps: Iterable<Step>): PlannedChange[] {
  const changes = new Map<string, PlannedChange>();
  for (const step of steps) {
    const action = actions[step.op];
    if (action === undefined) continue;
    const known = changes.get(step.urn);
    const { oldState, newState } = step;
    const before = known?.before ?? stateOf(oldState);
    const after = known?.after ?? (action === "delete" ? undefined : stateOf(newState));
    const because = [
      ...(step.replaceReasons ?? step.diffReasons ?? Object.keys(step.detailedDiff ?? {})),
      ...(known?.because ?? []),
    ];
    changes.set(step.urn, {
      urn: step.urn,
      name: nameOf(step.urn),
      type: (after ?? before)?.type ?? typeOf(step.urn),
      action: known?.action === "replace" ? "replace" : action,
      before,
      after,
      because: [...new Set(because)],
    });
  }
  return [...changes.values()];
}

function stepsOf(text: string): Step[] {
  let plan: { steps?: Step[] };
  try {
    plan = JSON.parse(text) as { steps?: Step[] };
  } catch {
    throw new UserError(
      "the plan is not JSON; create it with `pulumi preview --json --show-sames > plan.json`",
    );
  }
  return plan.steps ?? [];
}

function stateOf(state: RawState | undefined): PlannedState | undefined {
  if (!state) return undefined;
  const { type, inputs = {}, protect = false, custom = false, parent } = state;
  return { type, inputs, protect, custom, parent: parent || undefined };
}

/** `urn:pulumi:dev::mlops::a:b:C$d:e:F::name` → `name`. */
export const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** `kubernetes:apps/v1:Deployment` → `Deployment`. */
export const kindOf = (type: string): string => type.split(":").at(-1) ?? type;
