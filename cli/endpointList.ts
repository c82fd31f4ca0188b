/** A door of the platform that people and notebooks use. */
export interface Endpoint {
  readonly title: string;
  readonly service: string;
  /** Port to listen on when the Service is forwarded to this machine. */
  readonly localPort: number;
  /** Stack output with its URL. */
  readonly output: string;
  /** The notebooks' variable with its URL. */
  readonly variable: string;
  /** Path that answers 200 without a login. */
  readonly healthPath: string;
}

export const endpoints = {
  tracking: {
    title: "MLflow",
    service: "mlflow",
    localPort: 5000,
    output: "mlflowTrackingUri",
    variable: "MLFLOW_TRACKING_URI",
    healthPath: "/health",
  },
  serving: {
    title: "Model server",
    service: "model-server",
    localPort: 8080,
    output: "modelServingUrl",
    variable: "MODEL_SERVING_URL",
    healthPath: "/health",
  },
  prediction: {
    title: "Prediction page",
    service: "prediction-app",
    localPort: 8501,
    output: "predictionAppUrl",
    variable: "PREDICTION_APP_URL",
    healthPath: "/_stcore/health",
  },
  grafana: {
    title: "Grafana",
    service: "grafana",
    localPort: 3000,
    output: "grafanaUrl",
    variable: "GRAFANA_URL",
    healthPath: "/api/health",
  },
  prometheus: {
    title: "Prometheus",
    service: "prometheus",
    localPort: 9090,
    output: "prometheusUrl",
    variable: "PROMETHEUS_URL",
    healthPath: "/-/ready",
  },
  alertmanager: {
    title: "Alertmanager",
    service: "alertmanager",
    localPort: 9093,
    output: "alertmanagerUrl",
    variable: "ALERTMANAGER_URL",
    healthPath: "/-/ready",
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;

/** The doors that a stack has: what is switched off has no output. */
export function endpointsOf(outputs: Readonly<Record<string, unknown>>): EndpointName[] {
  const names = Object.keys(endpoints) as EndpointName[];
  return names.filter((name) => typeof outputs[endpoints[name].output] === "string");
}

/** Whether the endpoint answers at this URL within a moment. */
export async function isHealthy(url: string, { healthPath }: Endpoint): Promise<boolean> {
  try {
    const response = await fetch(url + healthPath, {
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
