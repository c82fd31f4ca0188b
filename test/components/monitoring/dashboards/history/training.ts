import { around, between, constant, made, type Made, pod, type Shape } from "./series.ts";

/** A training on four workers, one of which was lost and came back. */
export function training(): Made[] {
  const ran = (shape: Shape) => between(60, 200, shape);
  const scheduler = pod("training", "training", "churn-0");
  const states = { idle: 0, partially_saturated: 0, paused: 0, retiring: 0 };
  const tasks = { processing: 4, queued: 40, "no-worker": 0 };
  const memory = { managed: 4e7, unmanaged: 2.4e8, spilled: 0 };
  return [
    ...Object.entries(states).map(([state, count]) =>
      made("dask_scheduler_workers", { ...scheduler, state }, ran(constant(count))),
    ),
    made(
      "dask_scheduler_workers",
      { ...scheduler, state: "saturated" },
      ran((at) => (at >= 120 && at < 124 ? 3 : 4)),
    ),
    ...Object.entries(tasks).map(([state, count]) =>
      made("dask_scheduler_tasks", { ...scheduler, state }, ran(constant(count))),
    ),
    ...[1, 2, 3, 4].flatMap((index) =>
      Object.entries(memory).map(([type, bytes]) =>
        made(
          "dask_worker_memory_bytes",
          { ...pod("training", "training", `churn-${index}`), type },
          ran(around(bytes, bytes / 10, index)),
        ),
      ),
    ),
  ];
}
