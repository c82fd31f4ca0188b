import { messageOf } from "../../../local/support/errors.ts";
import type { ServedModel } from "../../../cli/prediction.ts";
import { repeatedly } from "../support/load.ts";

/** One prediction for the model's own input example, tried once. */
export async function predictOnce(url: string, { input_example }: ServedModel): Promise<void> {
  const response = await fetch(`${url}/invocations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ dataframe_split: input_example }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 120)}`);
}

/** Clients that predict with one model and never try twice, until they are stopped. Failures are counted by reason and second. */
export function startPredictors(url: string, model: ServedModel, pauseMs: number) {
  const failed: Record<string, number> = {};
  const started = Date.now();
  let made = 0;
  const stop = repeatedly(2, pauseMs, () => {
    made++;
    return predictOnce(url, model).catch((error: unknown) => {
      const seconds = Math.round((Date.now() - started) / 1_000);
      const reason = `${reasonOf(error)} of ${url} after ${seconds} s`;
      failed[reason] = (failed[reason] ?? 0) + 1;
    });
  });
  return {
    stop: async () => {
      await stop();
      return { made, failed };
    },
  };
}

/** What Node's fetch only says of its cause. */
const reasonOf = (error: unknown) =>
  error instanceof Error && error.cause instanceof Error && "code" in error.cause
    ? String(error.cause.code)
    : messageOf(error);
