import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Objects = readonly object[];

/** What a cluster has, as its API lists it. `undefined` is what its user may not see. */
export interface Listed {
  nodes?: Objects;
  services?: Objects;
  pods?: Objects;
  namespaces?: Objects;
}

export interface FakeCluster {
  listed: Listed;
  close(): void;
}

const version = { major: "1", minor: "35", gitVersion: "v1.35.0" };

/** An API server on the loopback address that lists objects and nothing else, with a kubeconfig for it. */
export async function fakeCluster(
  kubeconfig: string,
  context: string,
  listed: Listed = {},
): Promise<FakeCluster> {
  const fake = { listed, close: () => server.close() };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "", "http://localhost").pathname;
    const kind = path.replace("/api/v1/", "") as keyof Listed;
    const items = fake.listed[kind];
    response.setHeader("content-type", "application/json");
    if (path === "/version") response.end(JSON.stringify(version));
    else if (items) response.end(JSON.stringify({ kind: "List", apiVersion: "v1", items }));
    else response.writeHead(403).end(JSON.stringify({ message: "not for you" }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = {
    "current-context": context,
    contexts: [{ name: context, context: { cluster: context, user: "me" } }],
    clusters: [{ name: context, cluster: { server: address, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: {} }],
  };
  writeFileSync(kubeconfig, JSON.stringify(text));
  return fake;
}

/** A node as kind makes it. */
export const kindNode = {
  metadata: { name: "dev-control-plane" },
  spec: { providerID: "kind://docker/dev/dev-control-plane" },
  status: { addresses: [{ type: "InternalIP", address: "172.18.0.2" }] },
};

/** A node of a rented server. */
export const rentedNode = {
  metadata: { name: "vps", labels: { "node.kubernetes.io/instance-type": "k3s" } },
  spec: { providerID: "k3s://vps" },
  status: {
    addresses: [
      { type: "InternalIP", address: "10.0.0.2" },
      { type: "ExternalIP", address: "203.0.113.7" },
      { type: "Hostname", address: "vps" },
    ],
  },
};

export const nodePortService = (namespace: string, name: string, nodePort: number) => ({
  metadata: { namespace, name },
  spec: { ports: [{ port: 80, nodePort }, { port: 81 }] },
});

export const hostPortPod = (namespace: string, name: string, hostPort: number) => ({
  metadata: { namespace, name },
  spec: {
    nodeName: "dev-control-plane",
    containers: [{ name: "main", ports: [{ containerPort: hostPort, hostPort }] }],
  },
  status: { phase: "Running" },
});
