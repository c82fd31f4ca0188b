import type { KubeConfig } from "@kubernetes/client-node";
import { type Forwarding, forwardService } from "./support/portForward.ts";

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
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
export const endpointNames = Object.keys(endpoints) as EndpointName[];

/** An endpoint as this machine reaches it. */
export interface Reached {
  readonly url: string;
  readonly isForwarded: boolean;
  close(): Promise<void>;
}

export interface ReachOptions {
  kubeconfig: KubeConfig;
  namespace: string;
  outputs: Record<string, unknown>;
  /** Only URLs on this machine will do. */
  onLoopback?: boolean;
  onFailure?: (reason: string) => void;
}

/** The endpoint's own URL where it answers from here, else a forwarded port on this machine. */
export async function reach(endpoint: Endpoint, options: ReachOptions): Promise<Reached> {
  const published = options.outputs[endpoint.output];
  if (typeof published === "string") {
    const isLocal = ["localhost", "127.0.0.1"].includes(new URL(published).hostname);
    if ((isLocal || !options.onLoopback) && (await isHealthy(published, endpoint))) {
      return { url: published, isForwarded: false, close: async () => {} };
    }
  }
  const { kubeconfig, namespace, onFailure } = options;
  const forwarding: Forwarding = await forwardService({
    kubeconfig,
    namespace,
    service: endpoint.service,
    port: endpoint.localPort,
    onFailure,
  });
  return {
    url: `http://127.0.0.1:${forwarding.port}`,
    isForwarded: true,
    close: () => forwarding.close(),
  };
}

export async function isHealthy(url: string, { healthPath }: Endpoint): Promise<boolean> {
  try {
    const response = await fetch(url + healthPath, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
