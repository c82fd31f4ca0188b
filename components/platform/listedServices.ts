import * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import { versions } from "../core/versions.ts";
import { internalServiceUrl } from "../kubernetes/endpoints.ts";
import type { ListedService } from "../prediction/arguments.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import type { MonitoringAddresses } from "./platformMonitoring.ts";

/** Where people find the parts of a platform. */
export interface PartAddresses extends MonitoringAddresses {
  namespace: pulumi.Output<string>;
  trackingUrl: pulumi.Output<string>;
  predictionUrl: pulumi.Output<string>;
}

/**
 * What the front page lists next to the models. The page calls those that have their own login, and Prometheus, which
 * is read-only. It reads the state of Alertmanager from Prometheus, because a client of Alertmanager can silence alerts.
 */
export function listedServices(
  { owner, images }: MlopsPlatformArgs,
  { namespace, ...urls }: PartAddresses,
): ListedService[] {
  const inside = (of: keyof typeof services, path: string) =>
    pulumi.interpolate`${internalServiceUrl(services[of].name, namespace, services[of].port)}${path}`;
  const { grafanaUrl, prometheusUrl, alertmanagerUrl } = urls;
  const { tracking, grafana } = services;
  const found: ListedService[] = [
    {
      name: "MLflow",
      url: urls.trackingUrl,
      healthUrl: inside("tracking", tracking.healthPath),
      version: versions.mlflow,
    },
    {
      name: "Prediction page",
      url: urls.predictionUrl,
      version: pulumi.output(images.predict).apply(tagOf),
    },
  ];
  if (grafanaUrl !== undefined) {
    found.push({
      name: "Grafana",
      url: grafanaUrl,
      healthUrl: inside("grafana", grafana.healthPath),
    });
  }
  if (prometheusUrl !== undefined) {
    found.push({
      name: "Prometheus",
      url: prometheusUrl,
      healthUrl: inside("prometheus", "/api/v1/status/buildinfo"),
    });
  }
  if (alertmanagerUrl !== undefined) {
    found.push({
      name: "Alertmanager",
      url: alertmanagerUrl,
      healthUrl: inside("prometheus", "/api/v1/query?query=alertmanager_build_info"),
      seenBy: "Prometheus",
    });
  }
  return owner === undefined ? found : found.map((service) => ({ ...service, owner }));
}

/** `1.2` of `registry:5000/mlops/predict:1.2`, or the first digits of a digest. */
function tagOf(image: string): string {
  const [, digest] = image.split("@sha256:");
  return digest?.slice(0, 12) ?? /:([^:/]+)$/.exec(image)?.[1] ?? image;
}
