import type { KubeConfig } from "@kubernetes/client-node";
import { type PlatformService, services } from "../components/core/services.ts";

/** What answers HTTP requests at a Service. */
export interface Served {
  readonly service: PlatformService & { readonly healthPath: string };
}

/** What people and notebooks use of the platform. */
export interface Endpoint extends Served {
  readonly title: string;
  /** URL that the stack gives out. */
  readonly url: string;
}

/** The endpoints that a stack has at most once, with the outputs that have their URLs. */
export const endpoints = {
  tracking: { title: "MLflow", service: services.tracking, output: "mlflowTrackingUri" },
  prediction: {
    title: "Prediction page",
    service: services.prediction,
    output: "predictionAppUrl",
  },
  grafana: { title: "Grafana", service: services.grafana, output: "grafanaUrl" },
  prometheus: { title: "Prometheus", service: services.prometheus, output: "prometheusUrl" },
  alertmanager: {
    title: "Alertmanager",
    service: services.alertmanager,
    output: "alertmanagerUrl",
  },
} as const satisfies Record<string, Served & { title: string; output: string }>;

export type EndpointName = keyof typeof endpoints;

/** The notebooks' variable with an endpoint's URL: `mlflowTrackingUri` → `MLFLOW_TRACKING_URI`. */
export const variableOf = (name: EndpointName): string =>
  endpoints[name].output.replace(/[A-Z]/g, "_$&").toUpperCase();

/** The endpoints that a stack has: what is switched off has no output. */
export function endpointsOf(
  outputs: Readonly<Record<string, unknown>>,
): (Endpoint & { name: EndpointName })[] {
  const names = Object.keys(endpoints) as EndpointName[];
  return names.flatMap((name) => {
    const url = outputs[endpoints[name].output];
    return typeof url === "string" ? { name, ...endpoints[name], url } : [];
  });
}

/** A URL for people: one that only the cluster's own DNS knows opens in no browser. */
export const shownUrl = (url: string): string => (isInCluster(url) ? "npm run connect" : url);

/** Whether a URL is in the text whose host only the cluster's own DNS knows. */
export const isInCluster = (text: string): boolean =>
  /https?:\/\/[^/:\s]+\.cluster\.local\b/.test(text);

/** Whether the endpoint answers at this URL within a moment. */
export async function isHealthy(url: string, { service }: Served): Promise<boolean> {
  try {
    const response = await fetch(url + service.healthPath, {
      signal: AbortSignal.timeout(2_000),
      // a login in front redirects to its own page, which is healthy even when the endpoint is not
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
  /** What will do: any URL that answers (the default), one of this machine, or only a forwarded port. */
  from?: "anywhere" | "loopback" | "forwarding";
  onFailure?: (reason: string) => void;
}

/** The endpoint's own URL where it answers from here, else a forwarded port on this machine. */
export async function reach(endpoint: Endpoint, options: ReachOptions): Promise<Reached> {
  const { kubeconfig, namespace, from = "anywhere", onFailure } = options;
  const { url } = endpoint;
  const isLocal = ["localhost", "127.0.0.1"].includes(new URL(url).hostname);
  const mayDo = from === "anywhere" ? !isInCluster(url) : from === "loopback" && isLocal;
  if (mayDo && (await isHealthy(url, endpoint))) {
    return { url, isForwarded: false, close: async () => {} };
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
