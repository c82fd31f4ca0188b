import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import { services } from "../core/services.ts";
import { dataClaim } from "../kubernetes/claims.ts";
import { externalServiceUrl, internalServiceUrl } from "../kubernetes/endpoints.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { checkGrafana, type GrafanaArgs } from "./arguments.ts";
import { chartRelease, officialCharts } from "./charts.ts";
import { dashboards as platformDashboards } from "./dashboards/index.ts";
import {
  dashboardFolder,
  dashboardLabel,
  folderAnnotation,
  grafanaValues,
} from "./grafanaValues.ts";

const { name: applicationName, port } = services.grafana;
const homeUid = "mlops-home";

const internalUrl = ({ namespace }: Pick<GrafanaArgs, "namespace">) =>
  internalServiceUrl(applicationName, namespace, port);

/** URL that people use, known before there is a Grafana: alerts link to it. */
export const grafanaUrl = (
  args: Pick<GrafanaArgs, "namespace" | "publicUrl" | "nodePort" | "nodeAddress">,
): pulumi.Output<string> =>
  args.publicUrl === undefined
    ? externalServiceUrl(internalUrl(args), args)
    : pulumi.output(args.publicUrl);

/**
 * Grafana from the official Helm chart, with the platform's dashboards, Prometheus and Alertmanager as data sources, a
 * generated administrator password, and a claim that keeps users' changes when its pod is replaced.
 */
export class Grafana extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people use. */
  public readonly externalUrl: pulumi.Output<string>;
  /** Name of the administrator. Absent with `adminSecretName`. */
  public readonly adminUsername?: pulumi.Output<string>;
  /** Initial password of the administrator, a secret. Absent with `adminSecretName`. */
  public readonly adminPassword?: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`Grafana "${name}"`, args, checkGrafana);
    super("mlops:index:Grafana", name, withSecret(args, "values"), opts);

    const child = { parent: this };
    const metadata = metadataFor(applicationName, applicationName, args);
    let credentialsName = args.adminSecretName;
    if (credentialsName === undefined) {
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
      credentialsName = credentials.metadata.name;
    }
    const { dashboards = platformDashboards(), storageSize = "1Gi", storageClassName } = args;
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
    this.internalUrl = internalUrl(args);
    this.externalUrl = grafanaUrl(args);
    const ours = grafanaValues(args, {
      externalUrl: this.externalUrl,
      credentialsName,
      roleName: role.metadata.name,
      claimName: claim.metadata.name,
      ...(dashboards.some(({ uid }) => uid === homeUid) ? { homeUid } : {}),
    });
    chartRelease(name, officialCharts.grafana, args, ours, child);

    this.registerOutputs(outputsOf(this));
  }
}
