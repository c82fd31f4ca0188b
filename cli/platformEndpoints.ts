import type { KubeConfig } from "@kubernetes/client-node";
import { type PlatformService, services } from "../components/core/services.ts";

/** A door of the platform that people and notebooks use. */
export interface Endpoint {
  readonly title: string;
  readonly service: PlatformService & { readonly healthPath: string };
  /** Stack output with its URL. */
  readonly output: string;
}

export const endpoints = {
  tracking: {
    title: "MLflow",
    service: services.tracking,
    output: "mlflowTrackingUri",
  },
  serving: {
    title: "Model server",
    service: services.serving,
    output: "modelServingUrl",
  },
  prediction: {
    title: "Prediction page",
    service: services.prediction,
    output: "predictionAppUrl",
  },
  grafana: {
    title: "Grafana",
    service: services.grafana,
    output: "grafanaUrl",
  },
  prometheus: {
    title: "Prometheus",
    service: services.prometheus,
    output: "prometheusUrl",
  },
  alertmanager: {
    title: "Alertmanager",
    service: services.alertmanager,
    output: "alertmanagerUrl",
  },
} as const satisfies Record<string, Endpoint>;

/** The notebooks' variable with an endpoint's URL: `mlflowTrackingUri` → `MLFLOW_TRACKING_URI`. */
export const variableOf = ({ output }: Endpoint): string =>
  output.replace(/[A-Z]/g, "_$&").toUpperCase();

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
  /** What will do: any URL that answers (the default), one of this machine, or only a forwarded port. */
  from?: "anywhere" | "loopback" | "forwarding";
  onFailure?: (reason: string) => void;
}

/** The endpoint's own URL where it answers from here, else a forwarded port on this machine. */
export async function reach(endpoint: Endpoint, options: ReachOptions): Promise<Reached> {
  const { kubeconfig, namespace, outputs, from = "anywhere", onFailure } = options;
  const published = outputs[endpoint.output];
  if (typeof published === "string" && from !== "forwarding") {
    const isLocal = ["localhost", "127.0.0.1"].includes(new URL(published).hostname);
    if ((isLocal || from === "anywhere") && (await isHealthy(published, endpoint))) {
      return { url: published, isForwarded: false, close: async () => {} };
    }
  }
  // the Kubernetes client takes half a second to load, and most endpoints answer without it
  const { forwardService } = await import("./portForward.ts");
  const forwarding = await forwardService({
    kubeconfig,
    namespace,
    service: endpoint.service.name,
    port: endpoint.service.port,
    onFailure,
  });
  return {
    url: `http://127.0.0.1:${forwarding.port}`,
    isForwarded: true,
    close: () => forwarding.close(),
  };
}
