import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { services } from "../../../components/core/services.ts";
import type { ScrapeJob } from "../../../components/monitoring/scrapeJobs.ts";
import { goProgram } from "../../support/goProgram.ts";
import { freePort } from "../../support/listening.ts";
import { type RunningPrometheus, runPrometheus } from "../../support/runningPrometheus.ts";
import { api, kubeconfigPath, namespace } from "./platform.ts";

const account = "/var/run/secrets/kubernetes.io/serviceaccount";
const { name } = services.prometheus;

type Job = Omit<ScrapeJob, "static_configs"> & {
  job_name: string;
  static_configs?: { targets: string[] }[];
  file_sd_configs?: unknown;
};

/**
 * A second Prometheus, the official chart's version, on this machine: with the configuration that the chart would make
 * of the platform's values, and the rights of the platform's own.
 */
export async function startPrometheus3(): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-3-"));
  await giveAccess(folder);
  const { data = {} } = await api().get(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), text);

  const { scrape_configs, rule_files, global } = parse(data["prometheus.yml"]!) as {
    scrape_configs: Job[];
    rule_files: string[];
    global: object;
  };
  const discovered = JSON.parse(data["discovery.json"]!) as Record<string, object[]>;
  const port = await freePort();
  const known = await api().list(`/api/v1/namespaces/${namespace}/services`);
  // the names of Services mean nothing on this machine, their addresses do
  const onThisMachine = (target: string) => {
    const [host = "", its] = target.split(":");
    if (host === "localhost") return `127.0.0.1:${port}`;
    const service = known.find(({ metadata }) => metadata.name === host.split(".")[0])!;
    return `${service.spec!["clusterIP"] as string}:${its}`;
  };
  const jobs = scrape_configs.map(({ file_sd_configs: _, static_configs, ...job }) => ({
    ...job,
    ...(static_configs && {
      static_configs: static_configs.map(({ targets }) => ({
        targets: targets.map(onThisMachine),
      })),
    }),
    ...(discovered[job.job_name] && {
      kubernetes_sd_configs: discovered[job.job_name]!.map((one) => ({
        ...one,
        kubeconfig_file: join(folder, "kubeconfig"),
      })),
    }),
  }));
  const config = stringify({ global, rule_files, scrape_configs: jobs })
    .replaceAll(account, folder)
    .replaceAll("/etc/config", folder);
  writeFileSync(join(folder, "prometheus.yml"), config);

  const { url, stop } = await runPrometheus(await goProgram("prometheus"), folder, port);
  return {
    url,
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The files that a pod of the platform's Prometheus has of its service account, and a kubeconfig with them. */
async function giveAccess(folder: string): Promise<void> {
  const { body } = await api().call(
    "POST",
    `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  );
  const { token } = (body as { status: { token: string } }).status;
  const admin = parse(readFileSync(kubeconfigPath, "utf8")) as {
    clusters: { cluster: { "certificate-authority-data": string } }[];
    users: { user: object }[];
  };
  const ca = admin.clusters[0]!.cluster["certificate-authority-data"];
  writeFileSync(join(folder, "ca.crt"), Buffer.from(ca, "base64"));
  writeFileSync(join(folder, "token"), token);
  const users = admin.users.map((user) => ({ ...user, user: { token } }));
  writeFileSync(join(folder, "kubeconfig"), stringify({ ...admin, users }), { mode: 0o600 });
}
