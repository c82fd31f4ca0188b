import { parser } from "@prometheus-io/lezer-promql";
import { labelsOf, metrics } from "../../components/monitoring/metrics.ts";

/** A metric that a query asks for, with the labels it matches on. */
export interface Selector {
  metric: string;
  matched: string[];
}

export interface ParsedQuery {
  /** Where the parser stopped understanding, as text. */
  errors: string[];
  selectors: Selector[];
  /** Labels by which the query groups or joins. */
  grouping: string[];
}

export function parseQuery(expr: string): ParsedQuery {
  const parsed: ParsedQuery = { errors: [], selectors: [], grouping: [] };
  const text = (node: { from: number; to: number }) => expr.slice(node.from, node.to);
  let isGrouping = false;
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) parsed.errors.push(expr.slice(node.from) || "end of the query");
      if (node.name === "VectorSelector") parsed.selectors.push({ metric: "", matched: [] });
      if (node.name === "Identifier") parsed.selectors.at(-1)!.metric = text(node);
      if (node.name === "GroupingLabels") isGrouping = true;
      if (node.name === "LabelName") {
        if (isGrouping) parsed.grouping.push(text(node));
        else parsed.selectors.at(-1)!.matched.push(text(node));
      }
    },
    leave(node) {
      if (node.name === "GroupingLabels") isGrouping = false;
    },
  });
  return parsed;
}

/** Everything that is wrong with a query of a dashboard or a rule; nothing when all is well. */
export function faultsOf(expr: string): string[] {
  const { errors, selectors, grouping } = parseQuery(expr);
  const known = selectors.filter(({ metric }) => Object.hasOwn(metrics, metric));
  const labels = new Set(known.flatMap(({ metric }) => labelsOf(metrics[metric]!)));
  return [
    ...errors.map((rest) => `is not PromQL at: ${rest}`),
    ...selectors
      .filter((selector) => !known.includes(selector))
      .map(({ metric }) => `${metric || "a selector without a name"} is not on the list`),
    ...known.flatMap(({ metric, matched }) =>
      matched
        .filter((label) => !labelsOf(metrics[metric]!).includes(label))
        .map((label) => `${metric} has no label ${label}`),
    ),
    ...selectors
      .filter(({ matched }) => matched.includes("job"))
      .map(({ metric }) => `${metric} is filtered by job, which differs between charts`),
    ...grouping
      .filter((label) => !labels.has(label))
      .map((label) => `groups by ${label}, which none of its metrics has`),
  ];
}
