import { runbooks } from "./runbookTexts.ts";

/** Names of the alerts that have a runbook, in the order of the panels of the dashboard. */
export const runbookNames = Object.keys(runbooks);

export const runbooksUid = "mlops-runbooks";

/** Path of an alert's runbook in Grafana: the dashboard of all of them, with one panel filling the page. */
export const runbookPath = (alert: string) =>
  `/d/${runbooksUid}?viewPanel=panel-${runbookNames.indexOf(alert) + 1}`;

/** Absolute URL of an alert's runbook, where there is any. */
export function runbookLink(
  alert: string,
  { runbookBaseUrl, grafanaUrl }: { runbookBaseUrl?: string; grafanaUrl?: string },
): string | undefined {
  const base = (url: string) => url.replace(/\/+$/, "");
  if (runbookBaseUrl !== undefined) return `${base(runbookBaseUrl)}/${alert}.md`;
  return grafanaUrl === undefined ? undefined : `${base(grafanaUrl)}${runbookPath(alert)}`;
}
