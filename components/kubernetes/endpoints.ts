import * as pulumi from "@pulumi/pulumi";

/** Name by which workloads in any namespace reach a Service. */
export function internalHost(
  service: string,
  namespace: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.interpolate`${service}.${namespace}.svc.cluster.local`;
}

/** URL by which workloads in any namespace reach a Service. */
export function internalServiceUrl(
  service: string,
  namespace: pulumi.Input<string>,
  port: number,
): pulumi.Output<string> {
  return pulumi.interpolate`http://${internalHost(service, namespace)}:${port}`;
}

/** How a Service is opened on the nodes, and by which address people reach a node. */
export interface NodeExposure {
  nodePort?: number;
  nodeAddress?: pulumi.Input<string>;
}

/** URL for people: the node port where there is one, else the address inside the cluster. */
export function externalServiceUrl(
  internalUrl: pulumi.Output<string>,
  exposure: NodeExposure,
): pulumi.Output<string> {
  if (exposure.nodePort === undefined) return internalUrl;
  return pulumi.interpolate`http://${exposure.nodeAddress ?? "localhost"}:${exposure.nodePort}`;
}

/** The part of a Service's spec that opens it on the nodes, or keeps it inside the cluster. */
export function servicePorts(port: number, exposure: NodeExposure) {
  const { nodePort } = exposure;
  return {
    type: nodePort === undefined ? "ClusterIP" : "NodePort",
    ports: [
      { name: "http", port, targetPort: "http", ...(nodePort === undefined ? {} : { nodePort }) },
    ],
  };
}
