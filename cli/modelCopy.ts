import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../local/support/errors.ts";
import { sha256 } from "../local/support/fileHash.ts";
import type { OnLine } from "./backupJobs.ts";
import { type Mlflow, MlflowError } from "./mlflow.ts";
import { versionOf } from "./verification.ts";

/** A version of a registered model: by number, by alias, or the newest. */
export interface ModelReference {
  readonly name: string;
  readonly version?: string;
  readonly alias?: string;
}

/** The version in another stack, and whether it was there already. */
export interface CopiedVersion {
  readonly version: string;
  readonly isNew: boolean;
}

/** On what was copied: the run and the version that it was copied from. */
const runTag = "mlops.copied_run_id";
const versionTag = "mlops.copied_from";
/** Names artifacts of the old run by their paths. */
const historyTag = "mlflow.log-model.history";

interface Tag {
  key: string;
  value: string;
}

interface Metric extends Tag {
  model_id?: string;
  run_id?: string;
}

interface Run {
  info: {
    run_id: string;
    run_name: string;
    experiment_id: string;
    artifact_uri: string;
    status: string;
    start_time: number;
    end_time?: number;
  };
  data: { params?: Tag[]; metrics?: Metric[]; tags?: Tag[] };
  inputs?: { dataset_inputs?: object[] };
}

interface LoggedModel {
  info: {
    model_id: string;
    name: string;
    model_type?: string;
    artifact_uri: string;
    status: string | number;
    source_run_id?: string;
    tags?: Tag[];
  };
  data?: { params?: Tag[] };
}

interface ModelVersion {
  name: string;
  version: string;
  source: string;
  run_id?: string;
  model_id?: string;
  description?: string;
  tags?: Tag[];
}

/** `churn`, `churn@champion` or `churn/3`. */
export function modelReference(text: string): ModelReference {
  const [, name, mark, which] = /^([^@/:]+)(?:([@/])(.+))?$/.exec(text) ?? [];
  if (name === undefined || (mark === "/" && !/^\d+$/.test(which!))) {
    throw new UserError(`--model must be NAME, NAME@ALIAS or NAME/VERSION, not ${text}`);
  }
  if (mark === undefined) return { name };
  return mark === "@" ? { name, alias: which } : { name, version: which };
}

/**
 * Copies one version with its run and its files by MLflow's API, into a stack that may be in use. Ids are new there, and
 * tags have the old ones; run again, it finishes what was interrupted and copies nothing twice. No alias is moved.
 */
export async function copyModelVersion(
  source: Mlflow,
  target: Mlflow,
  reference: ModelReference,
  stack: string,
  onLine: OnLine,
): Promise<CopiedVersion> {
  const wanted = await findVersion(source, reference);
  const { name } = wanted;
  const origin = `${stack}:${name}/${wanted.version}`;
  const there = await findCopy(target, name, origin);
  if (there !== undefined) return { version: there.version, isNew: false };
  if (!wanted.run_id) {
    throw new UserError(`version ${wanted.version} of ${name} has no run; copy the whole stack`);
  }
  const query = new URLSearchParams({ run_id: wanted.run_id });
  const { run } = await source.call<{ run: Run }>(`runs/get?${query.toString()}`);
  const copied = await copyRun(source, target, run);
  onLine(`run ${run.info.run_name} is ${copied.info.run_id} there`);
  await copyFiles(source, target, run.info.artifact_uri, copied.info.artifact_uri, onLine);
  const [, modelId] = /^models:\/(m-[^/]+)$/.exec(wanted.source) ?? [];
  const model =
    modelId === undefined
      ? undefined
      : await copyLoggedModel(source, target, modelId, copied, onLine);
  await copyMetrics(source, target, run, copied, modelId, model?.info.model_id);
  await target.call("runs/update", {
    run_id: copied.info.run_id,
    status: run.info.status,
    end_time: run.info.end_time,
  });
  await ensureRegistered(source, target, name);
  const { model_version } = await target.call<{ model_version: ModelVersion }>(
    "model-versions/create",
    {
      name,
      source: model
        ? `models:/${model.info.model_id}`
        : moved(wanted.source, run.info.artifact_uri, copied.info.artifact_uri),
      run_id: copied.info.run_id,
      ...(model && { model_id: model.info.model_id }),
      description: wanted.description,
      tags: [...(wanted.tags ?? []), { key: versionTag, value: origin }],
    },
  );
  return { version: model_version.version, isNew: true };
}

async function findVersion(source: Mlflow, reference: ModelReference): Promise<ModelVersion> {
  const { name, alias } = reference;
  try {
    const version = alias === undefined ? reference.version : await versionOf(source, name, alias);
    if (version !== undefined) {
      const query = new URLSearchParams({ name, version });
      const path = `model-versions/get?${query.toString()}`;
      return (await source.call<{ model_version: ModelVersion }>(path)).model_version;
    }
  } catch (error) {
    if (!(error instanceof MlflowError && [400, 404].includes(error.status))) throw error;
    throw new UserError(`there is no such version to copy: ${error.message}`);
  }
  const [newest] = await searchVersions(source, `name = ${quoted(name)}`);
  if (newest === undefined) throw new UserError(`there is no model ${name} to copy`);
  return newest;
}

const findCopy = async (target: Mlflow, name: string, origin: string) =>
  (
    await searchVersions(
      target,
      `name = ${quoted(name)} AND tags.\`${versionTag}\` = ${quoted(origin)}`,
    )
  )[0];

/** A text in a filter of MLflow's, which has no escapes. */
function quoted(value: string): string {
  const quote = ["'", '"'].find((mark) => !value.includes(mark));
  if (quote !== undefined) return quote + value + quote;
  throw new UserError(
    `MLflow cannot search for ${value}, which has both kinds of quotes; rename it`,
  );
}

async function searchVersions(api: Mlflow, filter: string): Promise<ModelVersion[]> {
  const query = new URLSearchParams({ filter, order_by: "version_number DESC", max_results: "1" });
  const found = await api.call<{ model_versions?: ModelVersion[] }>(
    `model-versions/search?${query.toString()}`,
  );
  return found.model_versions ?? [];
}

/** The run of that origin in the experiment of the same name: found, or made with everything but files and metrics. */
async function copyRun(source: Mlflow, target: Mlflow, { info, data, inputs }: Run): Promise<Run> {
  const experimentId = await ensureExperiment(source, target, info.experiment_id);
  const found = await target.call<{ runs?: Run[] }>("runs/search", {
    experiment_ids: [experimentId],
    filter: `tags.\`${runTag}\` = '${info.run_id}'`,
    max_results: 1,
  });
  const [interrupted] = found.runs ?? [];
  if (interrupted !== undefined) return interrupted;
  const tags = (data.tags ?? []).filter(({ key }) => key !== historyTag);
  const { run } = await target.call<{ run: Run }>("runs/create", {
    experiment_id: experimentId,
    run_name: info.run_name,
    start_time: info.start_time,
    tags: [...tags, { key: runTag, value: info.run_id }],
  });
  const run_id = run.info.run_id;
  for (const params of chunks(data.params ?? [], 100)) {
    await target.call("runs/log-batch", { run_id, params });
  }
  const datasets = inputs?.dataset_inputs ?? [];
  if (datasets.length > 0) await target.call("runs/log-inputs", { run_id, datasets });
  return run;
}

async function ensureExperiment(source: Mlflow, target: Mlflow, id: string): Promise<string> {
  const { experiment } = await source.call<{ experiment: { name: string } }>(
    `experiments/get?experiment_id=${id}`,
  );
  const { name } = experiment;
  const query = new URLSearchParams({ experiment_name: name });
  const known = await unlessMissing(
    target.call<{ experiment: { experiment_id: string } }>(
      `experiments/get-by-name?${query.toString()}`,
    ),
  );
  if (known) return known.experiment.experiment_id;
  return (await target.call<{ experiment_id: string }>("experiments/create", { name }))
    .experiment_id;
}

async function ensureRegistered(source: Mlflow, target: Mlflow, name: string): Promise<void> {
  const path = `registered-models/get?${new URLSearchParams({ name }).toString()}`;
  if (await unlessMissing(target.call(path))) return;
  const { registered_model } = await source.call<{
    registered_model: { description?: string; tags?: Tag[] };
  }>(path);
  const { description, tags } = registered_model;
  await target.call("registered-models/create", { name, description, tags });
}

/** Every value that was logged, with its time and step. Logged a second time, MLflow keeps it once. */
async function copyMetrics(
  source: Mlflow,
  target: Mlflow,
  run: Run,
  copied: Run,
  oldModel: string | undefined,
  newModel: string | undefined,
): Promise<void> {
  for (const { key } of run.data.metrics ?? []) {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({
        run_id: run.info.run_id,
        metric_key: key,
        max_results: "1000",
        ...(token && { page_token: token }),
      });
      const page = await source.call<{ metrics?: Metric[]; next_page_token?: string }>(
        `metrics/get-history?${query.toString()}`,
      );
      const metrics = (page.metrics ?? []).map(({ run_id: _, model_id, ...metric }) => ({
        ...metric,
        ...(model_id === oldModel && newModel && { model_id: newModel }),
      }));
      await target.call("runs/log-batch", { run_id: copied.info.run_id, metrics });
      token = page.next_page_token;
    } while (token);
  }
}

const ready = "LOGGED_MODEL_READY";

async function copyLoggedModel(
  source: Mlflow,
  target: Mlflow,
  id: string,
  run: Run,
  onLine: OnLine,
): Promise<LoggedModel> {
  const { model } = await source.call<{ model: LoggedModel }>(`logged-models/${id}`);
  const { info, data } = model;
  const experiment_id = run.info.experiment_id;
  const found = await target.call<{ models?: LoggedModel[] }>("logged-models/search", {
    experiment_ids: [experiment_id],
    filter: `source_run_id = '${run.info.run_id}'`,
    max_results: 50,
  });
  const tags = [...(info.tags ?? []), { key: versionTag, value: id }];
  const known = (found.models ?? []).find((one) =>
    one.info.tags?.some(({ key, value }) => key === versionTag && value === id),
  );
  const copied =
    known ??
    (
      await target.call<{ model: LoggedModel }>("logged-models", {
        experiment_id,
        name: info.name,
        model_type: info.model_type,
        source_run_id: run.info.run_id,
        params: data?.params,
        tags,
      })
    ).model;
  onLine(`logged model ${id} is ${copied.info.model_id} there`);
  await copyFiles(source, target, info.artifact_uri, copied.info.artifact_uri, onLine);
  await target.call(
    `logged-models/${copied.info.model_id}`,
    { model_id: copied.info.model_id, status: ready },
    "PATCH",
  );
  return copied;
}

/** Copies the files below a location, and reads each one back. */
async function copyFiles(
  source: Mlflow,
  target: Mlflow,
  from: string,
  to: string,
  onLine: OnLine,
): Promise<void> {
  const [fromFolder, toFolder] = [pathOf(from), pathOf(to)];
  const folder = mkdtempSync(join(tmpdir(), "model-"));
  const file = join(folder, "artifact");
  let count = 0;
  try {
    for (const path of await source.listArtifacts(fromFolder)) {
      await source.download(`${fromFolder}/${path}`, file);
      const wanted = await sha256(file);
      await target.upload(`${toFolder}/${path}`, file);
      await target.download(`${toFolder}/${path}`, file);
      if ((await sha256(file)) !== wanted) {
        throw new UserError(`${path} has another content after the upload; run the command again`);
      }
      count += 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  onLine(`${count} files copied and compared`);
}

const proxied = "mlflow-artifacts:/";

function pathOf(location: string): string {
  if (location.startsWith(proxied)) return location.slice(proxied.length).replace(/^\/+/, "");
  throw new UserError(
    `the artifacts are in ${location}, outside of the stack's store; copy them there yourself`,
  );
}

/** The same place in the files of another run. */
const moved = (location: string, from: string, to: string) =>
  location.startsWith(from) ? to + location.slice(from.length) : location;

function chunks<T>(values: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < values.length; at += size) parts.push(values.slice(at, at + size));
  return parts;
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MlflowError && error.status === 404) return undefined;
    throw error;
  }
}
