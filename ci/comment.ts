import { pricesAsOf } from "../components/cost/index.ts";
import { difference, freeSentence, savingSentence, unpricedSentence, usd } from "./costTable.ts";
import { type ComponentCost, plannedCosts } from "./costs.ts";
import { openSecrets } from "./openSecrets.ts";
import { type Action, kindOf, type PlannedChange } from "./plan.ts";
import { dataAtRisk, type Risk, unacknowledged } from "./risks.ts";

export interface CommentOptions {
  readonly stack: string;
  /** Names of resources whose loss is acknowledged; `*` stands for all. */
  readonly acknowledged: readonly string[];
  /** What the policy pack has printed. */
  readonly policies?: string;
  /** What the stack would cost if it were not paused. */
  readonly running?: number;
}

export interface Comment {
  readonly markdown: string;
  /** Why the update must not run, one sentence each. */
  readonly refusals: readonly string[];
}

/** GitHub refuses comments over 65,536 characters. */
const longestList = 150;

const words: Readonly<Record<Action, string>> = {
  create: "to create",
  update: "to update",
  replace: "to replace",
  delete: "to delete",
  same: "unchanged",
};
const signs: Readonly<Record<Action, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  same: " ",
};

/** What a pull request would do to a stack: the plan, the data at risk, the change of cost. */
export function previewComment(plan: readonly PlannedChange[], options: CommentOptions): Comment {
  const risks = dataAtRisk(plan);
  const isAccepted = options.acknowledged.includes("*");
  const lost = isAccepted ? [] : unacknowledged(risks, options.acknowledged);
  const refusals = [
    ...lost.map(
      (name) =>
        `${name} holds data that this change loses; acknowledge the loss, or undo the change`,
    ),
    ...openSecrets(plan),
  ];
  const markdown = [
    marker(options.stack),
    `### Preview of stack ${code(options.stack)}: ${summary(plan)}`,
    ...riskSection(risks, refusals),
    ...costSection(plan, options),
    ...policySection(options.policies),
    ...planSection(plan),
  ].join("\n");
  return { markdown: `${markdown}\n`, refusals };
}

/** This line identifies the comment, so that it can be updated. */
export const marker = (stack: string): string => `<!-- mlops-platform preview of ${stack} -->`;

function summary(plan: readonly PlannedChange[]): string {
  const counts = (Object.keys(words) as Action[]).flatMap((action) => {
    const count = plan.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${count} ${words[action]}`];
  });
  return counts.join(", ") || "nothing to do";
}

function riskSection(risks: readonly Risk[], refusals: readonly string[]): string[] {
  if (risks.length === 0 && refusals.length === 0) return ["", "No data is at risk."];
  return [
    "",
    "#### Data at risk",
    "",
    ...risks.map(({ name, kind, what }) => `- ${code(name)} (${kind}) ${plain(what)}`),
    ...(refusals.length === 0
      ? ["", "All of it is acknowledged."]
      : ["", "**This change is refused:**", "", ...refusals.map((why) => `- ${plain(why)}`)]),
  ];
}

function costSection(plan: readonly PlannedChange[], { running }: CommentOptions): string[] {
  const costs = plannedCosts(plan);
  const unpriced = unpricedSentence(costs);
  if (costs.components.length === 0) return ["", `**Cost:** ${unpriced ?? freeSentence}.`];
  const change = difference(costs.was, costs.now) || "unchanged";
  return [
    "",
    `**Cost:** ${usd(costs.was)} → ${usd(costs.now)} US dollars a month (${change})`,
    ...(running === undefined ? [] : ["", `${savingSentence(costs.now, running)}.`]),
    ...(unpriced === undefined ? [] : ["", `${plain(unpriced)}.`]),
    "",
    "<details><summary>By component</summary>",
    "",
    "| Component | What | Was | Now | Change |",
    "| --- | --- | ---: | ---: | ---: |",
    ...costs.components.map(costRow),
    `| **total** | | ${usd(costs.was)} | ${usd(costs.now)} | ${difference(costs.was, costs.now)} |`,
    "",
    `List prices of us-central1 as of ${pricesAsOf}.`,
    "",
    "</details>",
  ];
}

function costRow({ component, was, now, items }: ComponentCost): string {
  const what = items.map(({ item }) => plain(item)).join("; ");
  return `| ${code(component)} | ${what} | ${usd(was)} | ${usd(now)} | ${difference(was, now)} |`;
}

function policySection(printed: string | undefined): string[] {
  const text = printed === undefined ? undefined : policyPart(printed);
  return text
    ? ["", "<details open><summary>Policies</summary>", "", ...fenced(text), "</details>"]
    : [];
}

/** The part under `Policies:` of a preview's output. */
function policyPart(printed: string): string {
  const lines = printed.split(/\r?\n/);
  const start = lines.findIndex((line) => /^Policies:/.test(line)) + 1;
  if (start === 0) return "";
  const length = lines.slice(start).findIndex((line) => /^\S/.test(line));
  const part = length < 0 ? lines.slice(start) : lines.slice(start, start + length);
  return part.join("\n").trimEnd();
}

function planSection(plan: readonly PlannedChange[]): string[] {
  const changing = plan.filter(({ action }) => action !== "same");
  if (changing.length === 0) return [];
  const lines = changing
    .slice(0, longestList)
    .map(({ action, type, name }) => `${signs[action]} ${kindOf(type)} ${name}`);
  const more = changing.length - lines.length;
  return [
    "",
    "<details><summary>Plan</summary>",
    "",
    ...fenced([...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join("\n"), "diff"),
    "</details>",
  ];
}

/** Text of a program may contain backticks: the fence is longer than any run of them. */
function fenced(text: string, language = ""): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, text.slice(0, 20_000), fence, ""];
}

/** Names come from the pull request: none of them may become markup or mention a user. */
const code = (text: string): string => `\`${text.replace(/[`|\r\n]/g, " ")}\``;
const plain = (text: string): string =>
  text.replace(/[\r\n]+/g, " ").replace(/[\\`*_[\]<>|#@]/g, (character) => `\\${character}`);
