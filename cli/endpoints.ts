import type { KubeConfig } from "@kubernetes/client-node";
import { type Endpoint, isHealthy } from "./endpointList.ts";
import { type Forwarding, forwardService } from "./portForward.ts";

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
  const forwarding: Forwarding = await forwardService({
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
