import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { clusterPaths } from "../../../local/cluster/clusterLayout.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run, which } from "../../../local/support/process.ts";
import { type Settings } from "../../../cli/stackSettings.ts";
import { settingsFor } from "../../../cli/standInCharts.ts";
import { kube, type Kube } from "../../e2e/support/kube.ts";
import {
  addZone,
  type FakeGoogleCloud,
  startFakeGoogleCloud,
} from "../../support/fakeGoogleCloud/index.ts";
import { type ControlPlane, startControlPlane } from "./controlPlane.ts";
import { writeGcloud } from "./gcloud.ts";
import { pretendPods } from "./pretendedPods.ts";

export const project = "mlops-demo";
// the CLI fetches plugins itself unless that is disabled
const fetchesPlugins = process.env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] !== "true";
const givenKubeconfig = process.env["MLOPS_TEST_KUBECONFIG"];

/** Why the real provider cannot be tried here, if it cannot. */
export function reasonToSkipGoogle(): string | undefined {
  const programs = ["pulumi", "pulumi-language-nodejs"];
  const plugins = ["gcp", "kubernetes", "random"].map((name) => `pulumi-resource-${name}`);
  const missing = [...programs, ...(fetchesPlugins ? [] : plugins)].filter((name) => !which(name));
  if (missing.length > 0) return `${missing.join(", ")} not on PATH`;
  if (givenKubeconfig) return undefined;
  if (process.platform !== "linux") return "needs Linux, or MLOPS_TEST_KUBECONFIG";
  // an API server is built once, from the local cluster's Go modules
  const isBuilt = existsSync(clusterPaths().programs) || which("go") !== undefined;
  return isBuilt ? undefined : "needs Go, or MLOPS_TEST_KUBECONFIG";
}

/** A fake Google Cloud whose clusters are one real API server, on which pods run in name only. */
export interface Workplace {
  readonly cloud: FakeGoogleCloud;
  readonly api: Kube;
  /** What the Pulumi CLI is started with. It knows neither this machine's kubeconfig nor its owner at Google. */
  readonly environment: NodeJS.ProcessEnv;
  readonly kubeconfig: string;
  /** Folder with Google's programs, as they are here. */
  readonly tools: string;
  close(): Promise<void>;
}

export async function openWorkplace(): Promise<Workplace> {
  // while the way out is open
  if (fetchesPlugins) await run("pulumi", ["install", "--no-dependencies"], { cwd: checkoutRoot });
  const { kubeconfig, api, stop } = await apiServer();
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const { server, "certificate-authority-data": certificateAuthority } = clusters[0]!.cluster;
  const cluster = { endpoint: new URL(server).host, certificateAuthority };
  const cloud = await startFakeGoogleCloud({ project, cluster });
  addZone(cloud.world, "example", "example.org.");
  const tools = authPlugin(users[0]!.user);
  writeGcloud(tools, cloud.environment);
  const pods = await pretendPods(api);
  const { KUBECONFIG: _, ...inherited } = process.env;
  return {
    cloud,
    api,
    kubeconfig,
    tools,
    environment: {
      ...inherited,
      ...cloud.environment,
      KUBECONFIG: join(tools, "none"),
      PATH: [tools, inherited["PATH"]].join(delimiter),
      PULUMI_PARALLEL: "32",
    },
    close: async () => {
      await pods.stop();
      await cloud.close();
      rmSync(tools, { recursive: true, force: true });
      await stop();
    },
  };
}

/** The API server that MLOPS_TEST_KUBECONFIG names, or one of our own. */
const apiServer = async (): Promise<ControlPlane> =>
  givenKubeconfig
    ? { kubeconfig: givenKubeconfig, api: kube(givenKubeconfig), stop: async () => {} }
    : await startControlPlane();

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** Google's program for getting a token, which hands out the certificate of the local cluster's administrator. */
function authPlugin(user: Kubeconfig["users"][number]["user"]): string {
  const folder = mkdtempSync(join(tmpdir(), "mlops-tools-"));
  const text = (key: keyof typeof user) => Buffer.from(user[key], "base64").toString("utf8");
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    kind: "ExecCredential",
    status: {
      clientCertificateData: text("client-certificate-data"),
      clientKeyData: text("client-key-data"),
    },
  };
  const file = join(folder, "credential.json");
  writeFileSync(file, JSON.stringify(credential), { mode: 0o600 });
  const plugin = join(folder, "gke-gcloud-auth-plugin");
  writeFileSync(plugin, `#!/bin/sh\nexec cat '${file}'\n`);
  chmodSync(plugin, 0o755);
  return folder;
}

/**
 * Settings that need no network: Prometheus from the chart in this repository, no Grafana. Pods of a DaemonSet would go
 * to the nodes of a given cluster even when they are closed, so there is no node-exporter either.
 */
export function offlineSettings(): Record<string, string> {
  const config = { imageRegistry: "localhost/mlops", prometheusValues: {} };
  const { overrides } = settingsFor("stand-in", { config, overrides: {} } as unknown as Settings);
  return { ...overrides, nodeExporter: "false", gcpProject: project };
}
