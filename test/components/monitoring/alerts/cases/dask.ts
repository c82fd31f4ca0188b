import type { AlertCases } from "./case.ts";

const of = (pod: string, more = "") =>
  `application="training",container="training",instance="10.0.0.9:9464",job="mlops-pods",namespace="mlops",node="n1",pod="${pod}"${more}`;
const unmonitored = of("experiment-0", ',monitor="false"');
const removed = (labels: string) => `dask_scheduler_workers_removed_total{${labels}}`;
const workers = (labels: string, state: string) =>
  `dask_scheduler_workers{${labels},state="${state}"}`;
const labels = { severity: "warning", namespace: "mlops", pod: "churn-0" };

const lost = {
  labels,
  summary: "The Dask scheduler churn-0 has lost workers",
  description:
    "Workers of the scheduler churn-0 in mlops ended in the last 15 minutes while it had work. Their results are computed again; a training whose workers keep ending fails.",
};

export const dask: AlertCases = {
  DaskWorkersLost: [
    {
      when: "one of two schedulers loses a worker, and continues",
      series: {
        [removed(of("churn-0"))]: "0x8 1x100",
        [removed(of("prices-0"))]: "0x108",
        [removed(unmonitored)]: "0x8 1x100",
      },
      quiet: ["2m", "20m"],
      fires: { "5m": [lost], "15m": [lost] },
    },
    {
      when: "a scheduler releases its workers as its training ends",
      series: { [removed(of("churn-0"))]: "0x8 4 stale" },
      quiet: ["2m15s", "4m"],
    },
  ],
  DaskWorkersPaused: [
    {
      when: "two of four workers are paused for a while",
      series: {
        [workers(of("churn-0"), "paused")]: "0x8 2x20 0x20",
        [workers(of("churn-0"), "saturated")]: "4x8 2x20 4x20",
        [workers(unmonitored, "paused")]: "1x48",
      },
      quiet: ["3m", "9m"],
      fires: {
        "5m": [
          {
            labels,
            summary: "Workers of the Dask scheduler churn-0 are out of memory",
            description:
              "Paused workers of the scheduler churn-0 in mlops: 2. They have used more than 80% of their memory for 2 minutes and start no task until some of it is free; once all are paused, the work stops.",
          },
        ],
      },
    },
  ],
};
