import { type EndpointName, endpoints } from "../../../local/endpointList.ts";
import { reach, type Reached } from "../../../local/endpoints.ts";
import { loadKubeconfig } from "../../../local/support/kubeconfig.ts";
import { kubeconfigPath, namespace } from "./platform.ts";

/** A Service of the platform on a port of this machine, as `connect` gives it. */
export function forwarded(name: EndpointName, outputs: Record<string, unknown>): Promise<Reached> {
  const kubeconfig = loadKubeconfig(kubeconfigPath);
  return reach(endpoints[name], { kubeconfig, namespace, outputs, from: "forwarding" });
}
