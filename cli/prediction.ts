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
  model: ServedModel;
  /** Version that answered, from the response's own header. */
  version: string;
  row: Record<string, unknown>;
  value: unknown;
}

/** The served model, or why there is none. */
export async function servedModel(url: string): Promise<ServedModel | string> {
  try {
    const response = await fetch(`${url}/model`, { signal: AbortSignal.timeout(10_000) });
    const body = (await response.json()) as ServedModel & { detail?: string };
    return response.ok ? body : (body.detail ?? `it answers ${response.status}`);
  } catch (error) {
    return `it does not answer (${messageOf(error)})`;
  }
}

/** Waits until the model server serves a model. */
export async function waitForModel(url: string, seconds: number, step: Step): Promise<ServedModel> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const model = await servedModel(url);
    if (typeof model !== "string") return model;
    if (Date.now() > end) {
      throw new UserError(
        `the model server serves no model after ${seconds} s: ${model}; see the logs of the Deployment model-server`,
      );
    }
    step.update(model);
    await sleep(500);
  }
}

/** Predicts for the first row of the model's own input example. */
export async function predict(url: string, model: ServedModel): Promise<Prediction> {
  const { columns = [], data = [] } = model.input_example ?? {};
  const [first] = data;
  if (!first) {
    throw new UserError(
      `version ${model.version} of ${model.name} has no input example to predict with; log the model with input_example=`,
    );
  }
  const response = await fetch(`${url}/invocations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ dataframe_split: { columns, data: [first] } }),
    signal: AbortSignal.timeout(30_000),
  });
  const body = (await response.json()) as { predictions?: unknown[]; detail?: string };
  if (!response.ok || body.predictions?.length !== 1) {
    throw new UserError(
      `the model server refuses the model's own input example (${response.status}: ${body.detail ?? "no prediction"})`,
    );
  }
  return {
    model,
    version: response.headers.get("x-model-version") ?? "unknown",
    row: Object.fromEntries(columns.map((column, index) => [column, first[index]])),
    value: body.predictions[0],
  };
}

/** The prediction for people, in two lines. */
export function describePrediction({ model, version, row, value }: Prediction): string[] {
  const cells = Object.entries(row).map(([column, cell]) => `${column} ${readable(cell)}`);
  const shown = cells.slice(0, 4).join(", ") + (cells.length > 4 ? ", …" : "");
  return [
    `${model.name} version ${version} (${model.alias}) predicts ${readable(value)}`,
    `  for ${shown}`,
  ];
}

function readable(value: unknown): string {
  if (typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}
