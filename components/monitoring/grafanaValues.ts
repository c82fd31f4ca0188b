import type * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import { chartImages } from "../core/versions.ts";
import { containerResources } from "../kubernetes/pods.ts";
import type { GrafanaArgs } from "./arguments.ts";
import {
  chartContainerSecurity,
  chartImage,
  helperResources,
  officialCharts,
  placement,
  podMetadata,
  pullSecrets,
  replicas,
} from "./charts.ts";
import { type ChartValues, given } from "./chartValues.ts";
import { prometheusDatasourceUid } from "./dashboards/panels.ts";

/** How the sidecar finds dashboards: by this label, and by this annotation for their folder in Grafana. */
export const dashboardLabel = "grafana_dashboard";
export const folderAnnotation = "grafana_folder";
export const dashboardFolder = "MLOps";

const dashboardFiles = "/var/lib/grafana-dashboards";

/** What the component derives in addition to its arguments. */
export interface GrafanaParts {
  externalUrl: pulumi.Output<string>;
  /** Secret with the keys `admin-user`, `admin-password` and `secret-key`. */
  credentialsName: pulumi.Input<string>;
  /** Role that may read ConfigMaps and nothing else. */
  roleName: pulumi.Output<string>;
  /** Claim that holds Grafana's database. */
  claimName: pulumi.Output<string>;
  /** Dashboard that people see first, where it is among those given. */
  homeUid?: string;
}

/** Values of the official chart `grafana`. No secret among them. */
export function grafanaValues(args: GrafanaArgs, parts: GrafanaParts): ChartValues {
  const { nodePort } = args;
  const image = (reference: string) =>
    chartImage(reference, args, officialCharts.grafana, true)["image"] as ChartValues;
  return {
    fullnameOverride: services.grafana.name,
    ...replicas(args, "replicas"),
    image: { ...image(chartImages.grafana), ...pullSecrets(args, "pullSecrets") },
    enableServiceLinks: false,
    // the claim belongs to the pod's group already: nothing has to be done as root
    initChownData: { enabled: false },
    deploymentStrategy: { type: "Recreate" },
    persistence: { enabled: true, existingClaim: parts.claimName },
    admin: { existingSecret: parts.credentialsName },
    envValueFrom: {
      GF_SECURITY_SECRET_KEY: { secretKeyRef: { name: parts.credentialsName, key: "secret-key" } },
    },
    service: {
      port: services.grafana.port,
      ...(nodePort === undefined ? {} : { type: "NodePort", nodePort }),
    },
    resources: containerResources(
      { cpuRequest: "50m", cpuLimit: "1", memoryRequest: "128Mi", memoryLimit: "512Mi" },
      args.resources,
    ),
    containerSecurityContext: chartContainerSecurity,
    startupProbe: { ...health, periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: { periodSeconds: 2, timeoutSeconds: 5 },
    livenessProbe: { initialDelaySeconds: 0 },
    // the chart's own Role opens every Secret of the namespace; ours opens ConfigMaps
    rbac: { namespaced: true, useExistingRole: parts.roleName },
    // and only the sidecar gets the token that goes with it
    automountServiceAccountToken: false,
    extraContainerVolumes: [
      { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
      { name: "sidecar-tmp", emptyDir: { sizeLimit: "16Mi" } },
      { name: "sidecar-token", projected: { sources: serviceAccountFiles } },
    ],
    extraVolumeMounts: [{ name: "tmp", mountPath: "/tmp", readOnly: false }],
    sidecar: {
      image: image(chartImages.grafanaSidecar),
      resources: helperResources("64Mi", "192Mi"),
      securityContext: chartContainerSecurity,
      dashboards: {
        enabled: true,
        label: dashboardLabel,
        folder: dashboardFiles,
        folderAnnotation,
        resource: "configmap",
        // Grafana watches the files itself: the sidecar does not need the administrator's password
        skipReload: true,
        provider: { foldersFromFilesStructure: true },
        extraMounts: [
          { name: "sidecar-tmp", mountPath: "/tmp" },
          {
            name: "sidecar-token",
            mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
            readOnly: true,
          },
        ],
      },
    },
    datasources: {
      "datasources.yaml": { apiVersion: 1, prune: true, datasources: datasources(args) },
    },
    "grafana.ini": settings(args, parts),
    ...podMetadata(args),
    ...placement(args),
  };
}

const health = { httpGet: { path: services.grafana.healthPath, port: "grafana" } };

/** The token that Kubernetes would mount into every container of the pod by default. */
const serviceAccountFiles = [
  { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
  { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
  {
    downwardAPI: {
      items: [
        { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
      ],
    },
  },
];

function datasources({ prometheusUrl, alertmanagerUrl }: GrafanaArgs): ChartValues[] {
  const prometheus = {
    name: "Prometheus",
    uid: prometheusDatasourceUid,
    type: "prometheus",
    access: "proxy",
    url: prometheusUrl,
    isDefault: true,
    editable: false,
    jsonData: { timeInterval: "15s", httpMethod: "POST", prometheusType: "Prometheus" },
  };
  if (alertmanagerUrl === undefined) return [prometheus];
  const alertmanager = {
    name: "Alertmanager",
    uid: "alertmanager",
    type: "alertmanager",
    access: "proxy",
    url: alertmanagerUrl,
    editable: false,
    jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
  };
  return [prometheus, alertmanager];
}

/** Grafana's settings: every user needs a login, and nothing is fetched from or sent to the internet. */
function settings({ publicUrl }: GrafanaArgs, { externalUrl, homeUid }: GrafanaParts): ChartValues {
  return {
    server: { root_url: externalUrl },
    "auth.anonymous": { enabled: false },
    users: given({
      allow_sign_up: false,
      allow_org_create: false,
      home_page: homeUid === undefined ? undefined : `/d/${homeUid}`,
    }),
    security: given({
      disable_gravatar: true,
      cookie_samesite: "lax",
      cookie_secure: publicUrl === undefined ? undefined : true,
    }),
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    plugins: {
      // the plugins of the image suffice; replacing them from the internet fails on a read-only root
      preinstall_disabled: true,
      preinstall_auto_update: false,
      plugin_admin_enabled: false,
      public_key_retrieval_disabled: true,
    },
    snapshots: { external_enabled: false },
    public_dashboards: { enabled: false },
    // they would be on the same port as the pages, open to every client
    metrics: { enabled: false },
  };
}
