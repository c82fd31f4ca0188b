import { cluster } from "./clusterDashboard.ts";
import { frontEnd } from "./frontEndDashboard.ts";
import { home } from "./homeDashboard.ts";
import { models } from "./modelDashboard.ts";
import { runbookPages } from "./runbookDashboard.ts";
import type { Dashboard } from "./shapes.ts";
import { tracking } from "./trackingDashboard.ts";

/** A dashboard as Grafana imports it. */
export interface PlatformDashboard {
  /** Unique id, which is part of the dashboard's URL. */
  uid: string;
  /** Name that people see. */
  title: string;
  /** Grafana's JSON, the same text at every call. */
  json: string;
}

/** Every dashboard of the platform, the one that links the others first. */
export const dashboards = (): PlatformDashboard[] =>
  [home(), models(), tracking(), frontEnd(), cluster(), runbookPages()].map(asFile);

const asFile = (dashboard: Dashboard): PlatformDashboard => ({
  uid: dashboard.uid,
  title: dashboard.title,
  json: `${JSON.stringify(dashboard, undefined, 2)}\n`,
});
