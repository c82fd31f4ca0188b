import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { versions } from "../core/versions.ts";
import type { ChartArgs } from "./arguments.ts";
import { type ChartValues, mergeValues, sealed } from "./chartValues.ts";

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

/** The part of a Release that says which chart it installs. */
export function chartSource(official: OfficialChart, args: ChartArgs = {}) {
  const { repository } = args;
  if (repository !== undefined) {
    const { chart = official.name, version = official.version } = args;
    return { chart, version, repositoryOpts: { repo: repository } };
  }
  const { chart = official.reference } = args;
  const version = args.version ?? (isOci(chart) ? official.version : undefined);
  return { chart, ...(version === undefined ? {} : { version }) };
}

/** Five minutes to get ready, and two earlier revisions kept. */
const releaseDefaults = { timeout: 300, maxHistory: 3 } as const;

/** Installs a chart under its own name, which its objects' labels contain, with the caller's values over ours. */
export function chartRelease(
  name: string,
  official: OfficialChart,
  args: { namespace: pulumi.Input<string>; chart?: ChartArgs; values?: ChartValues },
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

/** An image's repository behind the mirror that stands in for its registry, as far as there is one. */
export function mirrored(registry: string, repository: string, mirror?: string): string {
  return `${mirror ?? registry}/${repository}`;
}
