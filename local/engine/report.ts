import { type Json, secretStrings } from "../support/propertyValues.ts";
import { type Change, formatPath } from "./diff.ts";

export type Action = "same" | "create" | "update" | "replace" | "delete";

/** One line of the plan, or of what was done. */
export interface ResourceChange {
  urn: string;
  type: string;
  name: string;
  parent?: string;
  /** Whether it exists outside the state, unlike a component or a provider. */
  isReal: boolean;
  action: Action;
  reasons: string[];
  changes: Change[];
}

/** How an action is shown: its mark, and its words in a plan and afterwards. */
const shownAs: Record<Action, { mark: string; plan: string; past: string }> = {
  create: { mark: "+", plan: "to create", past: "created" },
  update: { mark: "~", plan: "to update", past: "updated" },
  replace: { mark: "±", plan: "to replace", past: "replaced" },
  delete: { mark: "-", plan: "to delete", past: "deleted" },
  same: { mark: " ", plan: "unchanged", past: "unchanged" },
};

/** `kubernetes:apps/v1:Deployment` → `Deployment`. */
export const kindOf = (type: string): string => type.split(":").at(-1) ?? type;

export const secondsSince = (started: number): string =>
  `${((Date.now() - started) / 1000).toFixed(1)} s`;

const heartbeatMs = 20_000;
/** User names and host names are kept with passwords, but hiding such words would garble every line. */
const isWorthHiding = (text: string) => text.length >= 8 && !/^[a-z.-]+$/.test(text);

/** Writes lines for people to standard error, without the secrets that the run knows. */
export class Report {
  readonly #secrets = new Set<string>();
  #spoken = 0;

  /** Remembers the secrets in a value, as they are and as Kubernetes encodes them. */
  hide(value: Json): void {
    for (const text of secretStrings(value)) {
      if (!isWorthHiding(text)) continue;
      this.#secrets.add(text).add(Buffer.from(text).toString("base64"));
    }
  }

  scrub(text: string): string {
    let result = text;
    for (const hidden of this.#secrets) result = result.replaceAll(hidden, "[secret]");
    return result;
  }

  line(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** One line for a resource that changed. */
  done({ type, name, action, reasons, changes }: ResourceChange, started?: number): void {
    const { mark, past } = shownAs[action];
    const why = reasons[0] ?? changes.map(({ path }) => formatPath(path)).join(", ");
    const detail = why && action !== "create" ? `: ${why}` : "";
    const time = started ? ` (${secondsSince(started)})` : "";
    this.line(` ${mark} ${kindOf(type)} ${name} ${past}${detail}${time}`);
  }

  /** Reports what one resource waits for: of all resources together, one line every 20 seconds. */
  waiting(subject: string): (text: string) => void {
    const started = Date.now();
    return (text) => {
      if (Date.now() - Math.max(started, this.#spoken) < heartbeatMs) return;
      this.#spoken = Date.now();
      this.line(`   … ${subject}: ${this.scrub(text)} (${secondsSince(started)})`);
    };
  }
}

/** How many resources each action concerns, e.g. `2 to create, 1 to update, 30 unchanged`. */
export function summaryOf(changes: readonly ResourceChange[], isPlan: boolean): string {
  const counts = Object.entries(shownAs).flatMap(([action, words]) => {
    const count = changes.filter((change) => change.action === action && change.isReal).length;
    return count > 0 ? [`${count} ${isPlan ? words.plan : words.past}`] : [];
  });
  return counts.join(", ") || "nothing to do";
}

/** The plan as a tree, with the reasons below each resource that changes. */
export function renderTree(changes: readonly ResourceChange[]): string {
  const known = new Set(changes.map(({ urn }) => urn));
  const parentOf = ({ parent }: ResourceChange) =>
    parent && known.has(parent) ? parent : undefined;
  const rows: { label: string; change: ResourceChange }[] = [];
  const visit = (parent: string | undefined, indent: string) => {
    for (const change of changes.filter((one) => parentOf(one) === parent)) {
      rows.push({ label: indent + change.type, change });
      visit(change.urn, `${indent}   `);
    }
  };
  visit(undefined, "");
  const width = Math.max(...rows.map(({ label }) => label.length));
  const nameWidth = Math.max(...rows.map(({ change }) => change.name.length));
  return rows
    .flatMap(({ label, change: { name, action, reasons, changes: properties } }) => {
      const plan = action === "same" ? "" : action;
      const row = ` ${shownAs[action].mark} ${label.padEnd(width)}  ${name.padEnd(nameWidth)}  ${plan}`;
      const why = action === "create" || action === "same" ? [] : properties.map(described);
      return [row.trimEnd(), ...[...reasons, ...why].map((line) => `           ${line}`)];
    })
    .join("\n");
}

function described({ path, kind, old, new: next }: Change): string {
  const name = formatPath(path);
  if (kind === "add") return `+ ${name}: ${next}`;
  if (kind === "delete") return `- ${name}: ${old}`;
  return `~ ${name}: ${old} => ${next}`;
}
