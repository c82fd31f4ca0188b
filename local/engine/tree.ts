import type { ResourceChange } from "./deploy.ts";
import { formatPath } from "./diff.ts";
import type { Change } from "./diff.ts";
import { marks } from "./report.ts";
import type { Action } from "./report.ts";

const actions: Action[] = ["create", "update", "replace", "delete", "same"];

/** How many resources each action concerns, e.g. `2 to create, 1 to update, 30 unchanged`. */
export function summaryOf(changes: readonly ResourceChange[], isPlan: boolean): string {
  const words: Record<Action, [plan: string, past: string]> = {
    create: ["to create", "created"],
    update: ["to update", "updated"],
    replace: ["to replace", "replaced"],
    delete: ["to delete", "deleted"],
    same: ["unchanged", "unchanged"],
  };
  const counts = actions.flatMap((action) => {
    const count = changes.filter((change) => change.action === action && change.isReal).length;
    return count > 0 ? [`${count} ${words[action][isPlan ? 0 : 1]}`] : [];
  });
  return counts.join(", ") || "nothing to do";
}

/** The plan as a tree, with the reason below each resource that changes. */
export function renderTree(changes: readonly ResourceChange[]): string {
  const known = new Set(changes.map(({ urn }) => urn));
  const rows: { mark: string; label: string; change: ResourceChange; indent: string }[] = [];
  const visit = (parent: string | undefined, indent: string) => {
    const children = changes.filter(
      (change) =>
        (change.parent && known.has(change.parent) ? change.parent : undefined) === parent,
    );
    children.forEach((change, index) => {
      const isLast = index === children.length - 1;
      const branch = parent === undefined ? "" : isLast ? "└─ " : "├─ ";
      rows.push({
        mark: marks[change.action],
        label: indent + branch + change.type,
        change,
        indent,
      });
      visit(change.urn, parent === undefined ? "" : indent + (isLast ? "   " : "│  "));
    });
  };
  visit(undefined, "");
  const typeWidth = Math.max(4, ...rows.map(({ label }) => label.length));
  const nameWidth = Math.max(4, ...rows.map(({ change }) => change.name.length));
  const lines = rows.flatMap(({ mark, label, change }) => {
    const columns = [label.padEnd(typeWidth), change.name.padEnd(nameWidth)];
    const plan = change.action === "same" ? "" : change.action;
    const row = ` ${mark}   ${columns.join("  ")}  ${plan}`.trimEnd();
    return [row, ...reasonsOf(change).map((reason) => `       ${" ".repeat(4)}${reason}`)];
  });
  return [`     ${"Type".padEnd(typeWidth)}  ${"Name".padEnd(nameWidth)}  Plan`, ...lines].join(
    "\n",
  );
}

/** Why a resource changes, one line a property. */
export function reasonsOf({ action, reasons, changes }: ResourceChange): string[] {
  if (action === "create" || action === "same") return reasons;
  return [...reasons, ...changes.map(describe)];
}

function describe({ path, kind, old, new: next }: Change): string {
  const name = formatPath(path);
  if (kind === "add") return `+ ${name}: ${next}`;
  if (kind === "delete") return `- ${name}: ${old}`;
  return `~ ${name}: ${old} => ${next}`;
}
