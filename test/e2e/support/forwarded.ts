import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { type EndpointName, endpoints } from "../../../cli/platformEndpoints.ts";
import { apiServer } from "./kube.ts";
import { kubeconfigPath, namespace } from "./platform.ts";

/** A Service of the platform on a port of this machine, through the API server, while `work` runs. */
export async function forwarded<T>(
  name: EndpointName,
  work: (url: string) => Promise<T>,
  where = namespace,
): Promise<T> {
  const { service } = endpoints[name];
  const { server, agent } = apiServer(kubeconfigPath);
  const base = `${server}/api/v1/namespaces/${where}/services/${service.name}:${service.port}/proxy`;
  const relay = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const { host: _, ...kept } = headers;
    const onward = request(base + url, { method, headers: kept, agent }, (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`);
  } finally {
    relay.closeAllConnections();
    relay.close();
    agent.destroy();
  }
}
