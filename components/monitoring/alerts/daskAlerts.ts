import type { Alert } from "./alertRule.ts";
import { monitored } from "./monitored.ts";

const lost = `dask_scheduler_workers_removed_total{${monitored}}`;
const paused = `dask_scheduler_workers{${monitored},state="paused"}`;

/** For every running scheduler: one that is done releases its workers. */
export const dask: Alert[] = [
  {
    name: "DaskWorkersLost",
    severity: "warning",
    for: "1m",
    expr: `max by (namespace, pod) (increase(${lost}[15m])) > 0 and max by (namespace, pod) (${lost})`,
    summary: "The Dask scheduler {{ $labels.pod }} has lost workers",
    description:
      "Workers of the scheduler {{ $labels.pod }} in {{ $labels.namespace }} ended in the last 15 minutes while it had work. Their results are computed again; a training whose workers keep ending fails.",
  },
  {
    name: "DaskWorkersPaused",
    severity: "warning",
    for: "2m",
    expr: `sum by (namespace, pod) (${paused}) > 0`,
    summary: "Workers of the Dask scheduler {{ $labels.pod }} are out of memory",
    description:
      "Paused workers of the scheduler {{ $labels.pod }} in {{ $labels.namespace }}: {{ $value }}. They have used more than 80% of their memory for 2 minutes and start no task until some of it is free; once all are paused, the work stops.",
  },
];
