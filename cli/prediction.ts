import { UserError, messageOf } from "../local/support/errors.ts";
import { sleep } from "../local/support/process.ts";
import type { Step } from "../local/support/progress.ts";

/** What the model server says of the model it serves, as far as it is used here. */
export interface ServedModel {
  name: string;
  version: string;
  alias: string;
  run_id: string;
  input_example: { columns: string[]; data: unknown[][] } | null;
  metrics: Record<string, number>;
  load_error: { version: string | null; state: string; reason: string } | null;
}

/** A prediction that the served model made for its own input example. */
export interface Prediction {
  /** Version that answered, from the response's own header. */
  version: string;
  value: unknown;
}

/** The served model, or why there is none. A Service may take a moment to lead to a pod that is new. */
export async function servedModel(url: string, patience = 0): Promise<ServedModel | string> {
  for (const end = Date.now() + patience * 1_000; ; await sleep(500)) {
    try {
      const response = await fetch(`${url}/model`, { signal: AbortSignal.timeout(10_000) });
      const body = (await response.json()) as ServedModel & { detail?: string };
      return response.ok ? body : (body.detail ?? `it answers ${response.status}`);
    } catch (error) {
      if (Date.now() >= end) return `it does not answer (${messageOf(error)})`;
    }
  }
}

/** Waits until the model server of `name` serves a version. */
export async function waitForModel(
  name: string,
  url: string,
  seconds: number,
  step: Step,
): Promise<ServedModel> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const model = await servedModel(url);
    if (typeof model !== "string") return model;
    if (Date.now() > end) {
      throw new UserError(
        `${name} is not served after ${seconds} s: ${model}; see the logs of its model server and of its training`,
      );
    }
    step.update(model);
    await sleep(500);
  }
}

const loadingSeconds = 30;

/**
 * Predicts for the first row of the model's own input example. One of several pods may still load what another one
 * serves: it is asked again.
 */
export async function predict(url: string, model: ServedModel): Promise<Prediction> {
  const { columns = [], data = [] } = model.input_example ?? {};
  const [first] = data;
  if (!first) {
    throw new UserError(
      `version ${model.version} of ${model.name} has no input example to predict with; log the model with input_example=`,
    );
  }
  const ask = () =>
    fetch(`${url}/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dataframe_split: { columns, data: [first] } }),
      signal: AbortSignal.timeout(30_000),
    });
  const end = Date.now() + loadingSeconds * 1_000;
  let response = await ask();
  while (response.status === 503 && Date.now() < end) {
    await sleep(500);
    response = await ask();
  }
  const body = (await response.json()) as { predictions?: unknown; detail?: string };
  if (!response.ok || body.predictions === undefined) {
    throw new UserError(
      `the model server of ${model.name} refuses the model's own input example (${response.status}: ${body.detail ?? "no prediction"})`,
    );
  }
  const { predictions } = body;
  return {
    version: response.headers.get("x-model-version") ?? "unknown",
    value: Array.isArray(predictions) && predictions.length === 1 ? predictions[0] : predictions,
  };
}

/** Whether there is a row to predict for. */
export const hasExample = ({ input_example }: ServedModel): boolean =>
  input_example?.data[0] !== undefined;

/** What the served version predicts, in words for people. */
export async function describeServed(url: string, model: ServedModel): Promise<string> {
  if (!hasExample(model)) return `${versionOf(model)} has no input example to predict with`;
  return describePrediction(model, await predict(url, model));
}

export const describePrediction = (model: ServedModel, { version, value }: Prediction): string =>
  `${versionOf({ ...model, version })} predicts ${readable(value)}`;

const versionOf = ({ version, alias }: ServedModel) => `version ${version} (${alias})`;

const mostCharacters = 60;

/** A prediction for people: numbers with five digits that count, long lists cut off. */
function readable(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "number" && !Number.isInteger(part) ? Number(part.toPrecision(5)) : part,
  );
  if (typeof value === "string") return value;
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
