import { atMost } from "../../local/support/atMost.ts";
import { endpoints, isHealthy, isInCluster } from "../platformEndpoints.ts";
import { administrator } from "../mlflow.ts";
import { servedModel } from "../prediction.ts";
import { endpointOf, modelsOf, type StackModel } from "../servedModels.ts";
import { versionIfAny } from "../verification.ts";
import { away } from "./away.ts";
import { type Check, type Finding, findingsOr, type Seen } from "./check.ts";
import type { Facts } from "./facts.ts";

// through one forwarded port each, and with two seconds for an answer
const modelsAtOnce = 10;

/** Whether each model of the stack is promoted, served and predicted with. */
export const modelChecks: readonly Check[] = [
  { name: "aliases", run: aliases, withinSeconds: 60 },
  { name: "model-servers", run: modelServers, withinSeconds: 60 },
  { name: "page", run: page },
  { name: "urls", run: urls },
];

const versionAt = async (facts: Facts, model: StackModel): Promise<string | undefined> =>
  versionIfAny(administrator(await facts.url("tracking"), await facts.outputs()), model);

async function aliases(facts: Facts): Promise<Seen> {
  const models = modelsOf(await facts.outputs());
  const found = await atMost(modelsAtOnce, models, async (model) => ({
    ...model,
    version: await versionAt(facts, model),
  }));
  return findingsOr(
    found
      .filter(({ version }) => version === undefined)
      .map(({ name, alias }) => ({
        symptom: `the page says that no model is there yet, and the model server of ${name} that no version has the alias ${alias}`,
        cause: `no version of ${name} has the alias ${alias}`,
        fix: `run notebooks/train-and-promote.ipynb, or see why training failed: kubectl -n ${facts.namespace} logs -l app.kubernetes.io/name=training --tail=-1`,
      })),
    found.map(({ name, alias, version }) => `${name}@${alias} is version ${version}`).join(", "),
  );
}

async function modelServers(facts: Facts): Promise<Seen> {
  const models = modelsOf(await facts.outputs());
  const found = await atMost(modelsAtOnce, models, (model) => serverFindings(facts, model));
  return findingsOr(found.flat(), models.map(({ name }) => name).join(", "));
}

async function serverFindings(facts: Facts, model: StackModel): Promise<Finding[]> {
  const { name, alias } = model;
  const endpoint = endpointOf(model);
  const { url } = await facts.door(endpoint);
  const server = endpoint.service.name;
  if (!(await isHealthy(url, endpoint))) {
    return [await away(facts, server, `the model server of ${name} does not answer at ${url}`)];
  }
  const wanted = await versionAt(facts, model);
  const served = await servedModel(url);
  const refusal = typeof served === "string" ? served : served.load_error?.reason;
  const isServed = typeof served !== "string" && served.version === wanted;
  if (isServed || wanted === undefined) return [];
  const instead =
    typeof served === "string" ? "no version is served" : `version ${served.version} still answers`;
  const mayRunCode = /pickle|run code|allowPickle/i.test(refusal ?? "");
  return [
    {
      symptom: `${name} version ${wanted} has the alias ${alias}, but ${instead}`,
      cause: refusal ?? "the model server has not seen the alias yet; it looks every few seconds",
      fix: mayRunCode
        ? 'log the model with serialization_format="skops", or set allowPickle of the model if you trust every writer of the registry'
        : `fix the model and log it again, or move the alias ${alias} back; kubectl -n ${facts.namespace} logs deployment/${server}`,
    },
  ];
}

async function page(facts: Facts): Promise<Seen> {
  const { url } = await facts.door(await facts.endpoint("prediction"));
  if (await isHealthy(url, endpoints.prediction)) return url;
  const { name } = endpoints.prediction.service;
  return [await away(facts, name, `the prediction page does not answer at ${url}`)];
}

async function urls(facts: Facts): Promise<string> {
  const { mlflowTrackingUri } = await facts.outputs();
  const { hostname } = new URL(String(mlflowTrackingUri));
  return isInCluster(String(mlflowTrackingUri))
    ? "inside the cluster only; `npm run connect` gives each service a localhost URL"
    : `open at ${hostname}`;
}
