import { join } from "node:path";
import { officialCharts } from "../components/monitoring/charts.ts";
import { mergeValues } from "../components/monitoring/chartValues.ts";
import { imageReference } from "../program/images.ts";
import type { Charts, Deployment } from "./deployment.ts";
import { type Settings, withSettings } from "./stackSettings.ts";
import { checkoutRoot } from "../local/support/cache.ts";

const standInChart = join(checkoutRoot, "local", "charts", "prometheus");

/**
 * Decides between the official charts and the stand-in. What was once deployed with the official charts stays with
 * them, so that a network that is down for a moment never takes Grafana away.
 */
export async function chooseCharts(
  { config }: Settings,
  remembered: Deployment | undefined,
  isReachable = registryAnswers,
): Promise<Charts> {
  const { monitoring, prometheusChart } = config;
  if (!monitoring || prometheusChart !== undefined) return "official";
  if (remembered?.charts === "official") return "official";
  return (await isReachable(registryOf(officialCharts.prometheus.reference)))
    ? "official"
    : "stand-in";
}

export const standInSentence =
  "The registry of the official Helm charts cannot be reached: Prometheus comes from this project's stand-in chart with Debian's programs, without Grafana and kube-state-metrics; `npm run dashboards -- --png` draws the dashboards.";

/** The settings with those that the stand-in chart needs. What the user has set wins. */
export function settingsFor(charts: Charts, settings: Settings): Settings {
  if (charts === "official") return settings;
  const { imageRegistry, prometheusValues } = settings.config;
  return withSettings(settings, {
    kubeStateMetrics: false,
    grafana: false,
    prometheusChart: standInChart,
    prometheusValues: mergeValues(standInValues(imageRegistry), prometheusValues),
  });
}

/** All parts run from one image here. */
function standInValues(imageRegistry: string) {
  const [, repository, tag] = /^(.+):([^:/]+)$/.exec(imageReference("monitoring", imageRegistry))!;
  const image = { repository, tag };
  return {
    server: { image },
    alertmanager: { image },
    "prometheus-node-exporter": { image: { registry: "", ...image } },
    "prometheus-pushgateway": { image },
  };
}

export const registryOf = (reference: string) =>
  new URL(reference.replace(/^oci:/, "https:")).origin;

/** Whether it is a registry that answers. */
export async function registryAnswers(origin: string): Promise<boolean> {
  const { EnvHttpProxyAgent, fetch } = await import("undici");
  try {
    const { status, headers } = await fetch(`${origin}/v2/`, {
      dispatcher: new EnvHttpProxyAgent(),
      signal: AbortSignal.timeout(5_000),
    });
    return status === 200 || (status === 401 && headers.has("www-authenticate"));
  } catch {
    return false;
  }
}
