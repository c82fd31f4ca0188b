import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ensure, isNodePort, refuse } from "../core/checks.ts";
import { withSecret } from "../core/confidential.ts";
import { generatedPassword } from "../core/passwords.ts";
import { checkedStorageSize, dataClaim } from "../kubernetes/claims.ts";
import { externalServiceUrl, internalServiceUrl } from "../kubernetes/endpoints.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { type GrafanaArgs, checkGrafanaLogin } from "./arguments.ts";
import { chartRelease, checkChart, officialCharts } from "./charts.ts";
import { dashboards as platformDashboards, type PlatformDashboard } from "./dashboards/index.ts";
import {
  dashboardFolder,
  dashboardLabel,
  folderAnnotation,
  grafanaValues,
} from "./grafanaValues.ts";

const port = 3000;
const homeUid = "mlops-home";
const mostBytes = 1024 ** 2 - 16 * 1024;

/**
 * Grafana from the official Helm chart, with the platform's dashboards, Prometheus and Alertmanager as data sources, a
 * generated administrator password, and a claim: what people make in it survives its pod.
 */
export class Grafana extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people use. */
  public readonly externalUrl: pulumi.Output<string>;
  /** Name of the administrator. */
  public readonly adminUsername: pulumi.Output<string>;
  /** Password that the administrator has until somebody changes it in Grafana, a secret. */
  public readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `Grafana "${name}"`;
    const dashboards = args.dashboards ?? platformDashboards();
    checkChart(subject, args.chart);
    checkDashboards(subject, dashboards);
    ensure(subject, "nodePort", args.nodePort ?? 30000, isNodePort, "be between 30000 and 32767");
    ensure(
      subject,
      "publicUrl",
      args.publicUrl ?? "https://localhost",
      (url) => URL.canParse(url) && /^https:\/\/[^/?#@]+$/.test(url),
      "be an https: URL without a path, such as https://grafana.example.com",
    );
    checkGrafanaLogin(subject, args.values);
    const storageSize = checkedStorageSize(subject, args, "1Gi");
    super("mlops:index:Grafana", name, withSecret(args, "values"), opts);

    const child = { parent: this };
    const metadata = metadataFor("grafana", "grafana", args);
    this.adminUsername = pulumi.output("admin");
    this.adminPassword = generatedPassword(`${name}-admin-password`, child);
    const credentials = new k8s.core.v1.Secret(
      `${name}-credentials`,
      {
        metadata: metadata(),
        immutable: true,
        stringData: {
          "admin-user": this.adminUsername,
          "admin-password": this.adminPassword,
          "secret-key": generatedPassword(`${name}-secret-key`, child),
        },
      },
      child,
    );
    const { storageClassName } = args;
    const claim = dataClaim(
      name,
      "grafana-data",
      metadata,
      { storageSize, storageClassName },
      child,
    );
    const role = new k8s.rbac.v1.Role(
      `${name}-dashboard-reader`,
      {
        // a binding can never name another Role: this one keeps its name
        metadata: metadata({ name: "grafana-dashboard-reader" }),
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }],
      },
      child,
    );
    for (const dashboard of dashboards) {
      const { labels, ...rest } = metadata({
        // a change replaces a ConfigMap, and with the same name the old one goes first: were it the other way round, the
        // sidecar would delete the new one's file with the old one
        name: `grafana-dashboard-${dashboard.uid}`,
        annotations: { [folderAnnotation]: dashboardFolder },
      });
      new k8s.core.v1.ConfigMap(
        `${name}-dashboard-${dashboard.uid}`,
        {
          metadata: { ...rest, labels: { ...labels, [dashboardLabel]: "1" } },
          data: { [`${dashboard.uid}.json`]: dashboard.json },
        },
        child,
      );
    }
    this.internalUrl = internalServiceUrl("grafana", args.namespace, port);
    this.externalUrl =
      args.publicUrl === undefined
        ? externalServiceUrl(this.internalUrl, args)
        : pulumi.output(args.publicUrl);
    const ours = grafanaValues(args, {
      externalUrl: this.externalUrl,
      credentialsName: credentials.metadata.name,
      roleName: role.metadata.name,
      claimName: claim.metadata.name,
      ...(dashboards.some(({ uid }) => uid === homeUid) ? { homeUid } : {}),
    });
    chartRelease(name, officialCharts.grafana, args, ours, child);

    this.registerOutputs({
      internalUrl: this.internalUrl,
      externalUrl: this.externalUrl,
      adminUsername: this.adminUsername,
      adminPassword: this.adminPassword,
    });
  }
}

function checkDashboards(subject: string, dashboards: PlatformDashboard[]): void {
  const uids = dashboards.map(({ uid }) => uid);
  refuse(
    subject,
    new Set(uids).size < uids.length,
    "dashboards must have uids that differ; rename one of them",
  );
  for (const { uid, json } of dashboards) {
    refuse(
      subject,
      !/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(uid),
      `dashboards must have uids of at most 40 small letters, digits and dashes; rename ${uid}`,
    );
    refuse(
      subject,
      new TextEncoder().encode(json).length > mostBytes,
      `dashboards must be smaller than a ConfigMap, which holds 1 MiB; split ${uid}`,
    );
  }
}
