import { readFileSync } from "node:fs";
import { request } from "node:http";
import { messageOf } from "../../local/support/errors.ts";
import { type JsonObject, objectAt, textAt } from "../../local/support/propertyValues.ts";
import { jobFailure, lackOf } from "../../local/support/readiness.ts";
import { envFile, isEnvFileOf } from "../envFile.ts";
import { MlflowError, mlflow } from "../mlflow.ts";
import { endpoints } from "../platformEndpoints.ts";
import { logRun, loginIsAsked } from "../verification.ts";
import { away } from "./away.ts";
import { type Check, type Finding, findingsOr, type Seen } from "./check.ts";
import { type Facts, Skipped } from "./facts.ts";

/** Whether MLflow works, from its database to the notebooks' user. */
export const trackingChecks: readonly Check[] = [
  { name: "postgres", run: postgres },
  { name: "migration", run: migration },
  { name: "mlflow", run: answers },
  { name: "mlflow-hosts", run: hosts },
  { name: "login", run: login },
  { name: "artifacts", run: artifacts },
  { name: "refused-requests", run: refusedRequests },
];

const trackingName = endpoints.tracking.service.name;

const isNamed = (name: string) => (object: JsonObject) =>
  textAt(object, "metadata", "labels", "app.kubernetes.io/name") === name;

async function workloadOf({ workloads }: Facts, kind: string, name: string) {
  return (await workloads()).find((live) => live["kind"] === kind && isNamed(name)(live));
}

/** The last log lines of every pod of the tracking server and of its migration. */
async function trackingLog(facts: Facts, query: string): Promise<string> {
  const client = await facts.client();
  const pods = (await facts.ours("v1/pods")).filter(isNamed(trackingName));
  const logs = pods.flatMap((pod) => {
    const { name = "", namespace = "" } = pod["metadata"] as { name?: string; namespace?: string };
    const container =
      textAt(pod, "metadata", "labels", "app.kubernetes.io/component") === "migration"
        ? "migrate"
        : "mlflow";
    return ["", "&previous=true"].map((which) =>
      client.logs(namespace, name, `container=${container}&${query}${which}`).catch(() => ""),
    );
  });
  return (await Promise.all(logs)).join("\n");
}

async function postgres(facts: Facts): Promise<Seen> {
  const { dataStores, namespace } = facts.settings.config;
  const server = await workloadOf(facts, "StatefulSet", "postgres");
  if (!server && dataStores === "cluster") throw new Skipped("there is no Postgres yet");
  const log = await trackingLog(facts, "tailLines=200&sinceSeconds=600");
  if (/password authentication failed/.test(log)) {
    return [
      {
        symptom: "MLflow cannot log in to its database",
        cause:
          "the password in Postgres is not the stack's: Postgres sets it only when it initializes its data",
        fix: `kubectl -n ${namespace} exec postgres-0 -- psql -U mlflow -d mlflow -c "ALTER USER mlflow PASSWORD '…'", with the password of the Secret that MLflow's settings name`,
      },
    ];
  }
  const isStopped = objectAt(server, "spec")["replicas"] === 0 && !facts.settings.config.paused;
  if (server && (isStopped || lackOf(server) !== undefined)) {
    return [
      await away(facts, "postgres", "MLflow answers 500, because its database is unavailable"),
    ];
  }
  return server ? "ready, and MLflow logs in" : "Cloud SQL, and MLflow logs in";
}

async function migration(facts: Facts): Promise<Seen> {
  const jobs = (await facts.workloads()).filter(
    (live) => live["kind"] === "Job" && isNamed(trackingName)(live),
  );
  if (jobs.length === 0) throw new Skipped("there was no migration yet");
  const findings = jobs.flatMap((job): Finding[] => {
    const failure = jobFailure(job) ?? lackOf(job);
    const name = textAt(job, "metadata", "name");
    return failure === undefined
      ? []
      : [
          {
            symptom: `the migration ${name} failed`,
            cause: failure,
            fix: `kubectl -n ${facts.namespace} logs job/${name} names what to change; then npm run up`,
          },
        ];
  });
  return findingsOr(findings, jobs.map((job) => textAt(job, "metadata", "name")).join(", "));
}

async function answers(facts: Facts): Promise<Seen> {
  const { url } = await facts.door(await facts.endpoint("tracking"));
  try {
    return await facts.url("tracking");
  } catch {
    return [await away(facts, trackingName, `MLflow does not answer at ${url}`)];
  }
}

async function hosts(facts: Facts): Promise<Seen> {
  const url = await facts.url("tracking");
  const { mlflowTrackingUri } = await facts.outputs();
  const { nodeAddress } = facts.settings.config;
  const known = new Set([new URL(String(mlflowTrackingUri)).host, new URL(url).host]);
  if (nodeAddress !== undefined) known.add(nodeAddress);
  const statuses = await Promise.all([...known].map((host) => statusFor(url, host)));
  const refused = [...known].filter((_, index) => statuses[index] === 403);
  return findingsOr(
    refused.map((host) => ({
      symptom: `MLflow answers 403 "Invalid Host header" at ${host}`,
      cause: "it does not accept that host name",
      fix: `pulumi config set nodeAddress ${host.replace(/:\d+$/, "")}, then npm run up`,
    })),
    [...known].join(", "),
  );
}

/** What MLflow answers without a login to someone who calls it by a name: fetch would not send another one. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  const path = `${url}/api/2.0/mlflow/experiments/search?max_results=1`;
  return new Promise((resolve, reject) => {
    const asked = request(path, { headers: { host }, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject).on("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.end();
  });
}

async function login(facts: Facts): Promise<Seen> {
  const url = await facts.url("tracking");
  const outputs = await facts.outputs();
  const text = (name: string) => String(outputs[name]);
  const users: [name: string, password: string][] = [
    [text("mlflowUsername"), text("mlflowPassword")],
    ["admin", text("mlflowAdminPassword")],
  ];
  const findings = await Promise.all(
    users.map(async ([user, password]): Promise<Finding[]> => {
      const status = await statusOf(
        mlflow(url, user, password).call("experiments/search?max_results=1"),
      );
      if (status !== 401 && status !== 403) return [];
      const fix = "run `npm run up`: the migration sets the passwords of the users again";
      const cause = `the password in its database is not the stack's output`;
      return [{ symptom: `MLflow answers ${status} to the user ${user}`, cause, fix }];
    }),
  );
  await loginIsAsked(url);
  return findingsOr(
    [...findings.flat(), ...staleEnvFile(facts.settings.stack, text("mlflowPassword"))],
    users.map(([user]) => user).join(", "),
  );
}

function staleEnvFile(stack: string, password: string): Finding[] {
  if (!isEnvFileOf(envFile, stack)) return [];
  const [, noted] =
    /^MLFLOW_TRACKING_PASSWORD='?(.*?)'?$/m.exec(readFileSync(envFile, "utf8")) ?? [];
  if (noted === undefined || noted === password) return [];
  return [
    {
      symptom: "MLflow answers 401 to notebooks",
      cause: "the password in .env is that of another deployment",
      fix: "npm run connect -- --once",
      isWarning: true,
    },
  ];
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    if (error instanceof MlflowError) return error.status;
    throw error;
  }
}

async function artifacts(facts: Facts): Promise<Seen> {
  const api = await facts.mlflow();
  try {
    const run = await logRun(api);
    await api.call("runs/delete", { run_id: run.id });
    return `written and read back below ${String((await facts.outputs())["artifactUri"])}`;
  } catch (error) {
    if (!(error instanceof MlflowError)) throw error;
    const isRefused = error.status === 403;
    return [
      {
        symptom: isRefused
          ? "MLflow answers 403 in a notebook"
          : "a run with an artifact cannot be logged",
        cause: messageOf(error),
        fix: isRefused
          ? "log to an experiment that this user has created, or have its owner grant the permission"
          : `kubectl -n ${facts.namespace} logs -l app.kubernetes.io/name=${trackingName} -c mlflow --tail=50`,
      },
    ];
  }
}

const withinSeconds = 600;

/** What the server has refused of late, and why; the symptoms that only clients see. */
const refusals: readonly { pattern: RegExp; finding: (match: string) => Finding }[] = [
  {
    pattern: /Rejected request with invalid Host header: (\S+)/,
    finding: (host) => ({
      symptom: `MLflow has answered 403 "Invalid Host header" to a client that calls it ${host}`,
      cause: "it does not accept that host name",
      fix: `pulumi config set nodeAddress ${host.replace(/:\d+$/, "")}, then npm run up`,
      isWarning: true,
    }),
  },
  {
    pattern: /Refused an experiment with the artifact_location (.*)/,
    finding: (location) => ({
      symptom: 'MLflow has answered 400 "artifact_location must be below mlflow-artifacts:/"',
      cause: `a client tried to store artifacts at ${location}, which is on the server's disk`,
      fix: "leave artifact_location out of create_experiment",
      isWarning: true,
    }),
  },
];

async function refusedRequests(facts: Facts): Promise<Seen> {
  await facts.url("tracking");
  const log = await trackingLog(facts, `sinceSeconds=${withinSeconds}`);
  const found = refusals.flatMap(({ pattern, finding }) => {
    const [, match] = pattern.exec(log) ?? [];
    return match === undefined ? [] : finding(match);
  });
  return findingsOr(found, `none in the last ${withinSeconds / 60} minutes`);
}
