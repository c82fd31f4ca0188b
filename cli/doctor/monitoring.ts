import { queryAt, scrapeTargets } from "../../tools/dashboards/prometheusApi.ts";
import { containersOf } from "../../local/support/podResources.ts";
import { type JsonObject, objectAt, textAt } from "../../local/support/propertyValues.ts";
import { registryAnswers, registryOf } from "../standInCharts.ts";
import { officialCharts } from "../../components/monitoring/charts.ts";
import { type Check, type Finding, findingsOr, type Seen } from "./check.ts";
import { type Facts, Skipped } from "./facts.ts";

/** Whether the monitoring sees the platform and can be reached, and its charts can be fetched. */
export const monitoringChecks: readonly Check[] = [
  { name: "scrape-targets", run: targets },
  { name: "alerts", run: alerts },
  { name: "grafana", run: grafana },
  { name: "charts", run: charts },
  { name: "backup", run: backup },
];

async function targets(facts: Facts): Promise<Seen> {
  const all = await scrapeTargets(await facts.url("prometheus"));
  const down = all.filter(({ health }) => health === "down");
  const named = ({ job = "", pod, service, instance }: Readonly<Record<string, string>>) =>
    [job, pod ?? service ?? instance].filter(Boolean).join(" ");
  return findingsOr(
    down.map(({ labels, lastError }) => ({
      symptom: `panels of ${labels["service"] ?? labels["job"]} are empty`,
      cause: `Prometheus cannot scrape ${named(labels)}: ${lastError}`,
      fix: "npm run connect, and see why at http://localhost:9090/targets; then `npm run dashboards`",
    })),
    `all ${all.length} answer`,
  );
}

async function alerts(facts: Facts): Promise<Seen> {
  const prometheus = await facts.url("prometheus");
  const firing = await queryAt(prometheus, 'ALERTS{alertstate="firing", alertname!="Watchdog"}');
  return findingsOr(
    firing.map(({ labels }) => ({
      symptom: `the alert ${labels["alertname"]} is firing`,
      cause: Object.entries(labels)
        .filter(([name]) => /^(model|service|namespace|pod|job|instance)$/.test(name))
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
      fix: `docs/runbooks/${labels["alertname"]}.md`,
      isWarning: true,
    })),
    "none but the watchdog",
  );
}

async function grafana(facts: Facts): Promise<Seen> {
  const url = await facts.url("grafana");
  const { grafanaAdminUsername: user, grafanaAdminPassword: password } = await facts.outputs();
  const authorization = `Basic ${Buffer.from(`${String(user)}:${String(password)}`).toString("base64")}`;
  const { status } = await fetch(`${url}/api/user`, {
    headers: { authorization },
    signal: AbortSignal.timeout(5_000),
  });
  if (status !== 401) return url;
  return [
    {
      symptom: "Grafana does not accept the password of `npm run outputs`",
      cause: "it keeps its first password in its database",
      fix: `kubectl -n ${facts.namespace} exec deploy/grafana -- grafana cli admin reset-admin-password PASSWORD`,
    },
  ];
}

async function charts({ settings, deployment }: Facts): Promise<Seen> {
  const { monitoring, prometheusChart } = settings.config;
  if (!monitoring) throw new Skipped("monitoring is switched off");
  if (deployment?.charts === "stand-in") return "this project's stand-in";
  if (prometheusChart !== undefined) return prometheusChart;
  const origin = registryOf(officialCharts.prometheus.reference);
  if (await registryAnswers(origin)) return origin;
  return [
    {
      symptom: "the official Helm charts cannot be fetched",
      cause: `the registry ${origin} does not answer from here`,
      fix: "set HTTPS_PROXY, or prometheusChart and grafanaChart to a mirror or a folder",
      isWarning: deployment === undefined,
    },
  ];
}

const usualBackupHours = 26;

/** The age at which the stack's alert fires, too. */
function oldestBackupHours(job: JsonObject): number {
  const [container] = containersOf(
    objectAt(job, "spec", "jobTemplate", "spec", "template", "spec"),
    "containers",
  );
  const given = ((container?.["env"] ?? []) as JsonObject[]).find(
    ({ name }) => name === "BACKUP_MAX_AGE_SECONDS",
  );
  return given ? Number(given["value"]) / 3600 : usualBackupHours;
}

async function backup(facts: Facts): Promise<Seen> {
  const jobs = await facts.ours("batch/v1/cronjobs?labelSelector=app.kubernetes.io/name=backup");
  if (jobs.length === 0) throw new Skipped("the stack has no backup");
  return findingsOr(
    jobs.flatMap((job): Finding[] => {
      const last =
        textAt(job, "status", "lastSuccessfulTime") ?? textAt(job, "metadata", "creationTimestamp");
      const hours = (Date.now() - Date.parse(last ?? "")) / 3_600_000;
      if (hours <= oldestBackupHours(job)) return [];
      return [
        {
          symptom: `the last backup is ${Math.round(hours)} hours old`,
          cause: `the CronJob ${textAt(job, "metadata", "name")} has not succeeded since ${last}`,
          fix: `kubectl -n ${facts.namespace} get jobs -l app.kubernetes.io/name=backup`,
        },
      ];
    }),
    jobs.map((job) => `within ${oldestBackupHours(job)} hours`).join(", "),
  );
}
