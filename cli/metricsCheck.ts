import { describePrediction, predict, type Prediction, type ServedModel } from "./prediction.ts";
import { queryAt } from "../tools/dashboards/prometheusApi.ts";
import { sleep } from "../local/support/process.ts";

// two scrapes, and some time for a busy machine
const seenWithinMs = 45_000;

/** Predicts, and waits until Prometheus has scraped that from the model server. */
export async function predictAndCount(
  serving: string,
  prometheus: string,
  model: ServedModel,
): Promise<string> {
  const count = async () => {
    const answered = `sum(model_requests_total{model_version="${model.version}",status="200"})`;
    const [sum] = await queryAt(prometheus, answered);
    return sum?.points[0]?.[1] ?? 0;
  };
  const before = await count();
  const prediction = await predict(serving, model);
  ensureVersion(prediction, model);
  const end = Date.now() + seenWithinMs;
  for (let after = await count(); after <= before; after = await count()) {
    if (Date.now() > end) throw new Error("Prometheus does not see the request");
    await sleep(1_000);
  }
  return `${describePrediction(prediction)[0]}; request ${before + 1} that Prometheus has seen`;
}

export function ensureVersion(prediction: Prediction, model: ServedModel): void {
  if (prediction.version === model.version) return;
  throw new Error(`version ${prediction.version} answered instead of ${model.version}`);
}
