import { randomBytes } from "node:crypto";
import { type Served, endpoints, isHealthy } from "./platformEndpoints.ts";
import { type Mlflow, MlflowError, mlflow } from "./mlflow.ts";
import {
  describePrediction,
  describeServed,
  hasExample,
  predict,
  type ServedModel,
  servedModel,
} from "./prediction.ts";
import type { StackModel } from "./servedModels.ts";
import { queryAt } from "../tools/dashboards/prometheusApi.ts";
import { sleep } from "../local/support/process.ts";

/** One thing that has to work, done for real. Returns what it saw; throws what went wrong. */
export interface Check {
  readonly name: string;
  /** Where to look when it fails. */
  readonly lookAt: string;
  /** Whether it may run next to others of its kind. */
  readonly isOfModel?: true;
  run(): Promise<string>;
}

export interface CheckTargets {
  tracking: string;
  prediction: string;
  /** The models of the stack, with the URLs by which this machine reaches their servers. */
  models: readonly StackModel[];
  /** Left out where there is no monitoring. */
  prometheus?: string;
  grafana?: string;
  username: string;
  password: string;
  /** Tells a model that is not registered from one that others may not see. */
  administrator: Mlflow;
}

/** There is nothing to check, which is no fault. */
export class Skipped extends Error {
  override name = "Skipped";
}

const experimentName = "platform-check";
const serverFollowsWithinMs = 30_000;
// two scrapes, and some time for a busy machine
const seenWithinMs = 45_000;

/**
 * The checks in their order, and the removal of what they made. Logging and promoting are done on a model of their
 * own: the alias that is served stays where the user has put it.
 */
export function platformChecks(targets: CheckTargets): {
  checks: Check[];
  cleanUp(): Promise<void>;
} {
  const { prometheus, grafana, models, administrator } = targets;
  const api = mlflow(targets.tracking, targets.username, targets.password);
  const model = `platform-check-${randomBytes(4).toString("hex")}`;
  let run: { id: string; artifacts: string } | undefined;
  let version: string | undefined;
  const checks: Check[] = [
    {
      name: "MLflow asks for a login",
      lookAt: "the logs of mlflow",
      run: () => loginIsAsked(targets.tracking),
    },
    {
      name: "log a run with an artifact",
      lookAt: "the logs of mlflow and of postgres-0",
      run: async () => {
        run = await logRun(api);
        return `run ${run.id.slice(0, 8)} in ${experimentName}`;
      },
    },
    {
      name: "register a model version",
      lookAt: "the logs of mlflow",
      run: async () => {
        version = await registerVersion(api, model, needed(run, "logged run"));
        return `${model} version ${version}`;
      },
    },
    {
      name: "promote it by alias",
      lookAt: "the logs of mlflow",
      run: () => promote(api, model, needed(version, "registered version"), models[0]!.alias),
    },
    ...models.map((one) => ({
      name: `${one.name} is served and predicts${prometheus ? ", and Prometheus sees it" : ""}`,
      lookAt: `GET ${one.servingUrl}/model, the logs of its model server, and the targets of Prometheus`,
      isOfModel: true as const,
      run: async () =>
        await predictServed(one.servingUrl, await waitUntilServed(administrator, one), prometheus),
    })),
    {
      name: "the prediction page answers",
      lookAt: "the logs of prediction-app",
      run: () => pageAnswers(targets.prediction, endpoints.prediction),
    },
    ...(grafana === undefined
      ? []
      : [
          {
            name: "Grafana answers",
            lookAt: "the logs of grafana",
            run: () => answers(grafana, endpoints.grafana),
          },
        ]),
  ];
  const cleanUp = async () => {
    if (version !== undefined)
      await api.call("registered-models/delete", { name: model }, "DELETE");
    if (run) await api.call("runs/delete", { run_id: run.id });
  };
  return { checks, cleanUp };
}

/** Throws where a wrong password is let in. */
export async function loginIsAsked(url: string): Promise<string> {
  try {
    await mlflow(url, "nobody", "wrong").call("experiments/search?max_results=1");
  } catch (error) {
    if (error instanceof MlflowError && error.status === 401) return "401 for a wrong password";
    throw error;
  }
  throw new Error("it accepts a wrong password");
}

/** Logs a run with an artifact and reads both back. */
export async function logRun(api: Mlflow): Promise<{ id: string; artifacts: string }> {
  const experiment_id = await experiment(api);
  const { run } = await api.call<{ run: { info: { run_id: string; artifact_uri: string } } }>(
    "runs/create",
    { experiment_id, start_time: Date.now(), run_name: "platform-check" },
  );
  const { run_id, artifact_uri } = run.info;
  const values = { timestamp: Date.now(), step: 0 };
  await api.call("runs/log-parameter", { run_id, key: "checked_by", value: "npm run verify" });
  await api.call("runs/log-metric", { run_id, key: "answer", value: 42, ...values });
  const path = artifact_uri.replace(/^mlflow-artifacts:\/+/, "");
  const content = `written by run ${run_id}\n`;
  await api.putArtifact(`${path}/check.txt`, content);
  await api.call("runs/update", { run_id, status: "FINISHED", end_time: Date.now() });

  const read = await api.call<{ run: { data: { metrics: { value: number }[] } } }>(
    `runs/get?run_id=${run_id}`,
  );
  if (read.run.data.metrics[0]?.value !== 42) throw new Error("the metric does not come back");
  if ((await api.getArtifact(`${path}/check.txt`)) !== content) {
    throw new Error("the artifact differs from what was written");
  }
  return { id: run_id, artifacts: artifact_uri };
}

async function experiment(api: Mlflow): Promise<string> {
  const byName = `experiments/get-by-name?experiment_name=${experimentName}`;
  try {
    return (await api.call<{ experiment: { experiment_id: string } }>(byName)).experiment
      .experiment_id;
  } catch (error) {
    if (!(error instanceof MlflowError) || error.status !== 404) throw error;
    const created = await api.call<{ experiment_id: string }>("experiments/create", {
      name: experimentName,
    });
    return created.experiment_id;
  }
}

async function registerVersion(
  api: Mlflow,
  name: string,
  run: { id: string; artifacts: string },
): Promise<string> {
  await api.call("registered-models/create", { name });
  const { model_version } = await api.call<{ model_version: { version: string } }>(
    "model-versions/create",
    { name, source: run.artifacts, run_id: run.id },
  );
  return model_version.version;
}

async function promote(api: Mlflow, name: string, version: string, alias: string): Promise<string> {
  await api.call("registered-models/alias", { name, alias, version });
  const found = await versionOf(api, name, alias);
  if (found !== version) throw new Error(`the alias ${alias} is on version ${found}`);
  return `${alias} is on version ${found}`;
}

export async function versionOf(api: Mlflow, name: string, alias: string): Promise<string> {
  const query = new URLSearchParams({ name, alias });
  const { model_version } = await api.call<{ model_version: { version: string } }>(
    `registered-models/alias?${query.toString()}`,
  );
  return model_version.version;
}

/** The version that has an alias, or nothing where there is none. To others MLflow hides what is missing, by a 403. */
export async function versionIfAny(
  administrator: Mlflow,
  { name, alias }: Pick<StackModel, "name" | "alias">,
): Promise<string | undefined> {
  try {
    return await versionOf(administrator, name, alias);
  } catch (error) {
    // 404: there is no such model; 400: none of its versions has the alias
    if (error instanceof MlflowError && [400, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** The server polls the alias, so it may be behind for some seconds. */
async function waitUntilServed(api: Mlflow, model: StackModel): Promise<ServedModel> {
  const { alias, servingUrl } = model;
  const wanted = await versionIfAny(api, model);
  if (wanted === undefined) throw new Skipped(`no version has the alias ${alias} yet`);
  const end = Date.now() + serverFollowsWithinMs;
  for (;;) {
    const served = await servedModel(servingUrl);
    if (typeof served !== "string" && served.version === wanted) return served;
    if (Date.now() > end) {
      const instead = typeof served === "string" ? served : whyAnother(served);
      throw new Error(`version ${wanted} has the alias ${alias}, but ${instead}`);
    }
    await sleep(500);
  }
}

function whyAnother({ version, load_error }: ServedModel): string {
  const which = load_error?.version ? `version ${load_error.version}: ` : "";
  const reason = load_error ? ` (${which}${load_error.reason})` : "";
  return `version ${version} is served${reason}`;
}

/** Predicts, and waits until Prometheus, where there is one, has scraped that from the model server. */
async function predictServed(
  serving: string,
  model: ServedModel,
  prometheus?: string,
): Promise<string> {
  const count = async () => {
    const labels = `model=${JSON.stringify(model.name)},model_version="${model.version}",status="200"`;
    const [sum] = await queryAt(prometheus!, `sum(model_requests_total{${labels}})`);
    return sum?.points[0]?.[1] ?? 0;
  };
  if (!hasExample(model)) return await describeServed(serving, model);
  const before = prometheus === undefined ? 0 : await count();
  const prediction = await predict(serving, model);
  if (prediction.version !== model.version) {
    throw new Error(`version ${prediction.version} answered instead of ${model.version}`);
  }
  const sentence = describePrediction(model, prediction);
  if (prometheus === undefined) return sentence;
  const end = Date.now() + seenWithinMs;
  while ((await count()) <= before) {
    if (Date.now() > end) throw new Error("Prometheus does not see the request");
    await sleep(1_000);
  }
  return `${sentence}; request ${before + 1} that Prometheus has seen`;
}

async function answers(url: string, endpoint: Served): Promise<string> {
  if (await isHealthy(url, endpoint)) return url;
  throw new Error(`${url} is not healthy`);
}

async function pageAnswers(url: string, endpoint: Served): Promise<string> {
  await answers(url, endpoint);
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const page = await response.text();
  if (!response.ok || !page.includes("<html")) throw new Error(`it answers ${response.status}`);
  return url;
}

function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}, see above`);
  return value;
}
