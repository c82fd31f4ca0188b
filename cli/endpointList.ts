import { type PlatformService, services } from "../components/core/services.ts";

/** A door of the platform that people and notebooks use. */
export interface Endpoint {
  readonly title: string;
  readonly service: PlatformService & { readonly healthPath: string };
  /** Stack output with its URL. */
  readonly output: string;
  /** The notebooks' variable with its URL. */
  readonly variable: string;
}

export const endpoints = {
  tracking: {
    title: "MLflow",
    service: services.tracking,
    output: "mlflowTrackingUri",
    variable: "MLFLOW_TRACKING_URI",
  },
  serving: {
    title: "Model server",
    service: services.serving,
    output: "modelServingUrl",
    variable: "MODEL_SERVING_URL",
  },
  prediction: {
    title: "Prediction page",
    service: services.prediction,
    output: "predictionAppUrl",
    variable: "PREDICTION_APP_URL",
  },
  grafana: {
    title: "Grafana",
    service: services.grafana,
    output: "grafanaUrl",
    variable: "GRAFANA_URL",
  },
  prometheus: {
    title: "Prometheus",
    service: services.prometheus,
    output: "prometheusUrl",
    variable: "PROMETHEUS_URL",
  },
  alertmanager: {
    title: "Alertmanager",
    service: services.alertmanager,
    output: "alertmanagerUrl",
    variable: "ALERTMANAGER_URL",
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;

/** The doors that a stack has: what is switched off has no output. */
export function endpointsOf(outputs: Readonly<Record<string, unknown>>): EndpointName[] {
  const names = Object.keys(endpoints) as EndpointName[];
  return names.filter((name) => typeof outputs[endpoints[name].output] === "string");
}

/** Whether the endpoint answers at this URL within a moment. */
export async function isHealthy(url: string, { service }: Endpoint): Promise<boolean> {
  try {
    const response = await fetch(url + service.healthPath, {
      signal: AbortSignal.timeout(2_000),
      // a login in front answers with the way to its own page, which is well whatever becomes of the endpoint
      redirect: "manual",
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
