import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { services } from "../core/services.ts";
import { dataClaim } from "../kubernetes/claims.ts";
import { internalHost, internalServiceUrl } from "../kubernetes/endpoints.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { ownedNamespace } from "../kubernetes/ownedNamespace.ts";
import { checkPrometheus, hasNodeExporter, type PrometheusArgs } from "./arguments.ts";
import { chartRelease, officialCharts } from "./charts.ts";
import { prometheusValues } from "./prometheusValues.ts";
import { alertmanagerConfig } from "./receivers.ts";
import { retentionOf } from "./retention.ts";

const { prometheus, alertmanager } = services;

/**
 * Prometheus, Alertmanager and exporters from the official Helm chart. Prometheus scrapes the nodes, the cluster and
 * the platform, stores samples on a claim and sends alerts to Alertmanager. Neither has a login: keep both inside the
 * cluster.
 */
export class Prometheus extends pulumi.ComponentResource {
  /** URL of Prometheus inside the cluster. */
  public readonly url: pulumi.Output<string>;
  /** URL of Alertmanager inside the cluster, where there is one. */
  public readonly alertmanagerUrl?: pulumi.Output<string>;

  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`Prometheus "${name}"`, args, checkPrometheus);
    super("mlops:index:Prometheus", name, withSecret(args, "receivers", "values"), opts);

    const child = { parent: this };
    const storage = retentionOf(args);
    const nodeExporterNamespace =
      args.nodeExporterNamespace ?? pulumi.interpolate`${args.namespace}-node-exporter`;
    const hasAlertmanager = args.alertmanager ?? true;
    const alertmanagerConfigName = hasAlertmanager
      ? new k8s.core.v1.Secret(
          `${name}-alertmanager-config`,
          {
            metadata: metadataFor(alertmanager.name, alertmanager.name, args)(),
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
      metadataFor(prometheus.name, prometheus.name, args),
      { storageSize: storage.storageSize, storageClassName: args.storageClassName },
      child,
    );
    const nodeNamespace = hasNodeExporter(args)
      ? [privilegedNamespace(name, nodeExporterNamespace, args, child)]
      : [];
    if (args.namespaceOnly) mayDiscover(name, args, child);
    this.url = internalServiceUrl(prometheus.name, args.namespace, prometheus.port);
    const alertmanagerAddress = pulumi.interpolate`${internalHost(alertmanager.name, args.namespace)}:${alertmanager.port}`;
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
      this.alertmanagerUrl = internalServiceUrl(
        alertmanager.name,
        args.namespace,
        alertmanager.port,
      );
    }
    this.registerOutputs(outputsOf(this));
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

/** The right to find pods and Services in the namespace, in place of the chart's ClusterRole. */
function mayDiscover(
  name: string,
  args: PrometheusArgs,
  child: pulumi.CustomResourceOptions,
): void {
  const metadata = metadataFor(prometheus.name, prometheus.name, args)({ name: "prometheus" });
  const verbs = ["get", "list", "watch"];
  const role = new k8s.rbac.v1.Role(
    `${name}-discovery-role`,
    {
      metadata,
      rules: [
        { apiGroups: [""], resources: ["endpoints", "pods", "services"], verbs },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
      ],
    },
    child,
  );
  new k8s.rbac.v1.RoleBinding(
    `${name}-discovery-role-binding`,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      // the chart names its account after its server
      subjects: [{ kind: "ServiceAccount", name: prometheus.name, namespace: args.namespace }],
    },
    child,
  );
}
