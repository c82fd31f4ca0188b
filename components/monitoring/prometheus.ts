import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RuleGroup } from "./alerts/index.ts";
import { type ChartArgs, chartRelease, checkChart, officialCharts } from "./charts.ts";
import type { ChartValues } from "./chartValues.ts";
import { checkWhole, ensure, isDnsLabel } from "../core/checks.ts";
import { dataClaim } from "../kubernetes/claims.ts";
import { withSecret } from "../core/confidential.ts";
import { internalHost, internalServiceUrl } from "../kubernetes/endpoints.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { ownedNamespace } from "../kubernetes/ownedNamespace.ts";
import type { ContainerResourcesArgs } from "../kubernetes/pods.ts";
import { nodeExporterPort, prometheusValues } from "./prometheusValues.ts";
import { alertmanagerConfig, type AlertReceiversArgs, checkReceivers } from "./receivers.ts";
import { checkedStorage } from "./retention.ts";

/** Arguments of Prometheus. */
export interface PrometheusArgs {
  /** Namespace of everything but node-exporter. It may enforce Pod Security `restricted`. */
  namespace: pulumi.Input<string>;
  /** Helm chart. Defaults to the official chart `prometheus`, at the version this was tried with. */
  chart?: ChartArgs;
  /** Registry, with a path if need be, that stands in for `quay.io` and `registry.k8s.io`. Defaults to those. */
  imageRegistry?: string;
  /** Age at which samples are dropped. Defaults to `15d`. */
  retention?: pulumi.Input<string>;
  /** Size at which the oldest samples are dropped, in powers of 1024 such as `6GB`. It must be below `storageSize`; defaults to four fifths of it. */
  retentionSize?: pulumi.Input<string>;
  /** Size of the claim that holds the samples. Defaults to `8Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Storage class of the claims. Defaults to the cluster's default class. It cannot be changed later. */
  storageClassName?: pulumi.Input<string>;
  /** Whether Alertmanager takes the alerts, groups them and tells the receivers. Defaults to true. */
  alertmanager?: boolean;
  /** Whether kube-state-metrics reports on Deployments, Jobs, pods and claims. Defaults to true. */
  kubeStateMetrics?: boolean;
  /** Whether node-exporter reports on the nodes. Defaults to true. GKE Autopilot refuses it: set it to false there. */
  nodeExporter?: boolean;
  /** Port on which node-exporter listens on every node, at the address that pods reach. Defaults to 9100. A cluster needs a port for each node-exporter in it. */
  nodeExporterPort?: number;
  /** Whether a push gateway takes metrics of Jobs that end before they are scraped. Defaults to true. */
  pushgateway?: boolean;
  /** Namespace that is made for node-exporter, which needs more of the node than Pod Security `restricted` allows. Defaults to `<namespace>-node-exporter`. */
  nodeExporterNamespace?: pulumi.Input<string>;
  /** Namespaces whose pods of this platform are scraped: those labelled `app.kubernetes.io/part-of: mlops-platform`. Defaults to `namespace` alone. */
  scrapeNamespaces?: pulumi.Input<string>[];
  /** Groups of alerting rules. Defaults to the platform's own, each with a runbook. */
  alertRules?: RuleGroup[];
  /** Who is told about alerts. Defaults to nobody: alerts then show in Alertmanager and Grafana only. */
  receivers?: AlertReceiversArgs;
  /** Whether no pod runs, node-exporter's among them. Defaults to false. Samples stay on their claim; nothing is scraped, and nobody is told of alerts. */
  paused?: boolean;
  /** Values of the chart, merged last over those of this component: maps key by key, lists as a whole; `null` takes a value of this component away. */
  values?: ChartValues;
  /** CPU and memory of the server. Defaults to 100m and 256Mi requested, 1 core and 1Gi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to the component's own objects and to every pod. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to the component's own objects and to every pod. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

const port = 9090;
const alertmanagerPort = 9093;

/**
 * Prometheus and what belongs to it, from the official Helm chart: it scrapes the nodes, the cluster and the platform,
 * keeps the samples on a claim, and sends alerts to Alertmanager. Neither has a login: keep both inside the cluster.
 */
export class Prometheus extends pulumi.ComponentResource {
  /** URL of Prometheus inside the cluster. */
  public readonly url: pulumi.Output<string>;
  /** URL of Alertmanager inside the cluster, where there is one. */
  public readonly alertmanagerUrl?: pulumi.Output<string>;

  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `Prometheus "${name}"`;
    checkChart(subject, args.chart);
    checkReceivers(subject, args.receivers);
    const storage = checkedStorage(subject, args);
    const nodeExporterNamespace = ensure(
      subject,
      "nodeExporterNamespace",
      args.nodeExporterNamespace ?? pulumi.interpolate`${args.namespace}-node-exporter`,
      isDnsLabel,
      "be a DNS label such as mlops-node-exporter: small letters, digits and dashes",
    );
    checkWhole(subject, "nodeExporterPort", args.nodeExporterPort ?? nodeExporterPort, 1024, 65535);
    super("mlops:index:Prometheus", name, withSecret(args, "receivers", "values"), opts);

    const child = { parent: this };
    const hasAlertmanager = args.alertmanager ?? true;
    const alertmanagerConfigName = hasAlertmanager
      ? new k8s.core.v1.Secret(
          `${name}-alertmanager-config`,
          {
            metadata: metadataFor("alertmanager", "alertmanager", args)(),
            // a change makes another Secret, and a pod that reads it
            immutable: true,
            stringData: { "alertmanager.yml": alertmanagerConfig(args.receivers) },
          },
          child,
        ).metadata.name
      : undefined;
    const claim = dataClaim(
      name,
      "prometheus-data",
      metadataFor("prometheus", "prometheus", args),
      { storageSize: storage.storageSize, storageClassName: args.storageClassName },
      child,
    );
    const nodeNamespace =
      (args.nodeExporter ?? true)
        ? [privilegedNamespace(name, nodeExporterNamespace, args, child)]
        : [];
    this.url = internalServiceUrl("prometheus", args.namespace, port);
    const alertmanagerAddress = pulumi.interpolate`${internalHost("alertmanager", args.namespace)}:${alertmanagerPort}`;
    const ours = prometheusValues(args, {
      url: this.url,
      alertmanagerAddress,
      alertmanagerConfigName,
      clusterWide: (of) => pulumi.interpolate`${args.namespace}-${of}`,
      nodeExporterNamespace,
      claimName: claim.metadata.name,
      storage,
    });
    chartRelease(name, officialCharts.prometheus, args, ours, {
      ...child,
      dependsOn: nodeNamespace,
    });

    if (hasAlertmanager) {
      this.alertmanagerUrl = internalServiceUrl("alertmanager", args.namespace, alertmanagerPort);
    }
    this.registerOutputs({ url: this.url, alertmanagerUrl: this.alertmanagerUrl });
  }
}

/** A namespace whose pods may use the node's network, processes and files. Nothing but node-exporter lives there. */
function privilegedNamespace(
  name: string,
  namespace: pulumi.Input<string>,
  { labels, annotations }: PrometheusArgs,
  child: pulumi.CustomResourceOptions,
) {
  return ownedNamespace(
    `${name}-node-exporter-namespace`,
    { namespace, labels, annotations },
    { "pod-security.kubernetes.io/enforce": "privileged" },
    child,
  );
}
