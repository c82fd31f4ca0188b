import { lookup } from "node:dns/promises";
import { connect as connectTls } from "node:tls";
import { messageOf } from "../../local/support/errors.ts";
import { type JsonObject, objectAt, textAt } from "../../local/support/propertyValues.ts";
import { run, which } from "../../local/support/process.ts";
import { type Check, findingsOr, type Seen } from "./check.ts";
import { type Facts, Skipped } from "./facts.ts";

/** What Google Cloud adds: names, certificates, identities. */
export const googleChecks: readonly Check[] = [
  { name: "domain", run: domain },
  { name: "certificate", run: certificate },
  { name: "workload-identity", run: workloadIdentity },
];

async function publicHost({ outputs, settings }: Facts): Promise<string> {
  if (settings.config.domain === undefined) throw new Skipped("the stack has no domain");
  return new URL(String((await outputs())["mlflowTrackingUri"])).hostname;
}

async function domain(facts: Facts): Promise<Seen> {
  const host = await publicHost(facts);
  try {
    const { address } = await lookup(host);
    return `${host} is ${address}`;
  } catch (error) {
    const fix = "enter the records of `npm run outputs` (dnsRecords) in the domain's DNS";
    return [{ symptom: `${host} cannot be found`, cause: messageOf(error), fix }];
  }
}

const freshDays = 14;

async function certificate(facts: Facts): Promise<Seen> {
  const host = await publicHost(facts);
  const symptom = `browsers refuse https://${host}`;
  try {
    const days = Math.floor((Date.parse(await validTo(host)) - Date.now()) / 86_400_000);
    if (days > freshDays) return `valid for ${days} days`;
    const fix = "see whether the record of dnsRecords that proves the domain is still in its DNS";
    return [{ symptom, cause: `the certificate ends in ${days} days`, fix }];
  } catch (error) {
    const fix =
      "wait an hour after the first `up`, then see `gcloud certificate-manager certificates list`";
    return [{ symptom, cause: messageOf(error), fix }];
  }
}

/** When the certificate of a host ends, which this machine has to trust. */
function validTo(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port: 443, servername: host, timeout: 5_000 }, () => {
      resolve(socket.getPeerCertificate().valid_to);
      socket.destroy();
    });
    socket.on("error", reject).on("timeout", () => socket.destroy(new Error("no answer in time")));
  });
}

async function workloadIdentity(facts: Facts): Promise<Seen> {
  const { dataStores, gcpIdentity, cluster } = facts.settings.config;
  const isUsed =
    gcpIdentity === "workload-identity" || (gcpIdentity === undefined && cluster === "gke");
  if (dataStores !== "gcp" || !isUsed) throw new Skipped("pods have no Google identity");
  const account = (await facts.ours("v1/serviceaccounts")).find(
    (one) => textAt(one, "metadata", "name") === "mlflow",
  );
  if (!account) throw new Skipped("the ServiceAccount of MLflow is not there yet");
  const blind = (await facts.list("/api/v1/nodes")).filter(
    (node) =>
      objectAt(node, "metadata", "labels")["iam.gke.io/gke-metadata-server-enabled"] !== "true",
  );
  const symptom = "MLflow's pod does not start, or its proxy says 403";
  if (blind.length > 0) {
    const cause = `the nodes ${blind.map((node) => textAt(node, "metadata", "name")).join(", ")} have no metadata server of GKE`;
    const fix =
      "gcloud container node-pools update POOL --cluster NAME --workload-metadata=GKE_METADATA";
    return [{ symptom, cause, fix }];
  }
  if (!which("gcloud"))
    throw new Skipped("gcloud, which shows who may use the bucket, is not on PATH");
  const bucket = /^gs:\/\/([^/]+)/.exec(String((await facts.outputs())["artifactUri"]))?.[1];
  const text = await run("gcloud", [
    "storage",
    "buckets",
    "get-iam-policy",
    `gs://${bucket}`,
    "--format=json",
  ]);
  const { bindings = [] } = JSON.parse(text) as { bindings?: JsonObject[] };
  const subject = `/subject/ns/${facts.namespace}/sa/mlflow`;
  const isBound = bindings.some(({ members }) =>
    (members as string[]).some((one) => one.endsWith(subject)),
  );
  return findingsOr(
    isBound
      ? []
      : [
          {
            symptom,
            cause: `no role of the bucket ${bucket} is bound to ${subject}`,
            fix: "npm run up",
          },
        ],
    "bound to the bucket",
  );
}
