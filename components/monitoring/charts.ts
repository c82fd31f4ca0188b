import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { mirrored } from "../core/imageMirror.ts";
import { versions } from "../core/versions.ts";
import type { ContainerResources, PodPlacement, StringMap } from "../kubernetes/arguments.ts";
import { containerResources, containerSecurity } from "../kubernetes/pods.ts";
import type { HelmChart } from "./arguments.ts";
import { type ChartValues, given, mergeValues, sealed } from "./chartValues.ts";

/** A chart that is published under one name and known here at one version. */
export interface OfficialChart {
  name: string;
  reference: string;
  version: string;
}

export const officialCharts = {
  prometheus: {
    name: "prometheus",
    reference: "oci://ghcr.io/prometheus-community/charts/prometheus",
    version: versions.prometheusChart,
  },
  grafana: {
    name: "grafana",
    reference: "oci://ghcr.io/grafana-community/helm-charts/grafana",
    version: versions.grafanaChart,
  },
} as const satisfies Record<string, OfficialChart>;

const isOci = (chart: string) => chart.startsWith("oci://");

/** The part of a Release that names its chart. */
export function chartSource(official: OfficialChart, args: HelmChart = {}) {
  const { repository } = args;
  if (repository !== undefined) {
    const { chart = official.name, version = official.version } = args;
    return { chart, version, repositoryOpts: { repo: repository } };
  }
  const { chart = official.reference } = args;
  const version = args.version ?? (isOci(chart) ? official.version : undefined);
  return { chart, ...(version === undefined ? {} : { version }) };
}

/** Five minutes to become ready, and two earlier revisions kept. */
const releaseDefaults = { timeout: 300, maxHistory: 3 } as const;

/** Installs a chart under its own name, which its objects' labels contain, with the caller's values over ours. */
export function chartRelease(
  name: string,
  official: OfficialChart,
  args: { namespace: pulumi.Input<string>; chart?: HelmChart; values?: ChartValues },
  ours: ChartValues,
  opts: pulumi.CustomResourceOptions,
): void {
  new k8s.helm.v3.Release(
    `${name}-release`,
    {
      name: official.name,
      namespace: args.namespace,
      ...chartSource(official, args.chart),
      ...releaseDefaults,
      values: mergeValues(ours, sealed(args.values ?? {})),
    },
    opts,
  );
}

/**
 * An image in the values of a chart, which takes the registry separately or as part of the repository. Another version
 * of the chart uses its own tag.
 */
export function chartImage(
  reference: string,
  { chart, imageMirror }: { chart?: HelmChart; imageMirror?: string },
  official: OfficialChart,
  hasRegistry: boolean,
): ChartValues {
  const [, registry = "", path = "", tag = ""] =
    /^([^/]+)\/(.+):([^:]+)$/.exec(mirrored(reference, imageMirror)) ?? [];
  const isPinned = chartSource(official, chart).version === official.version;
  return {
    image: {
      ...(hasRegistry ? { registry, repository: path } : { repository: `${registry}/${path}` }),
      ...(isPinned ? { tag } : {}),
    },
  };
}

/** What charts do not set in their containers: all that Pod Security `restricted` requires in addition to a user. */
export const chartContainerSecurity = {
  ...containerSecurity,
  seccompProfile: { type: "RuntimeDefault" },
};

/** The caller's labels and annotations for every pod, under the names that all charts use. */
export const podMetadata = (args: { labels?: StringMap; annotations?: StringMap }): ChartValues =>
  given({ podLabels: args.labels, podAnnotations: args.annotations });

/** Where pods run, under the names that all charts use. */
export const placement = ({ nodeSelector, tolerations }: PodPlacement): ChartValues =>
  given({ nodeSelector, tolerations });

/** The Secrets for pulling images, under the chart's name for them. */
export const pullSecrets = (
  { imagePullSecrets }: PodPlacement,
  key = "imagePullSecrets",
): ChartValues => given({ [key]: imagePullSecrets?.map((name) => ({ name })) });

/** No pods where the release is paused, else the chart's default number, under the chart's name for it. */
export const replicas = ({ paused }: { paused?: boolean }, key: string): ChartValues =>
  paused ? { [key]: 0 } : {};

/** Resources of a small helper: most of the time it waits. */
export function helperResources(
  memoryRequest: string,
  memoryLimit: string,
  own?: ContainerResources,
) {
  const defaults = { cpuRequest: "10m", cpuLimit: "500m", memoryRequest, memoryLimit };
  return containerResources(defaults, own);
}
