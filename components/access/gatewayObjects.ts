import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { GatewayBackend } from "./arguments.ts";

/*
 * Objects of the Gateway API as GKE understands them. Kubernetes silently drops an unknown field, so
 * a field is added only after its definition was read: https://github.com/GoogleCloudPlatform/gke-gateway-api.
 */

type Content = k8s.apiextensions.CustomResourceArgs;
type Metadata = Content["metadata"];

const httpsListener = "https";
const gatewayGroup = "gateway.networking.k8s.io";
const googleGroup = "networking.gke.io";

/** After one visit a browser uses HTTPS for a year, even for an address typed with http:. */
const strictTransport = { name: "Strict-Transport-Security", value: "max-age=31536000" };

/** The only listener is HTTPS: nothing answers on port 80. The certificate is in the map that the annotations name. */
export const gateway = (metadata: Metadata, addressName: pulumi.Input<string>): Content => ({
  apiVersion: `${gatewayGroup}/v1`,
  kind: "Gateway",
  metadata,
  spec: {
    gatewayClassName: "gke-l7-global-external-managed",
    addresses: [{ type: "NamedAddress", value: addressName }],
    listeners: [
      {
        name: httpsListener,
        protocol: "HTTPS",
        port: 443,
        allowedRoutes: { namespaces: { from: "Same" } },
      },
    ],
  },
});

export const tlsPolicy = (
  metadata: Metadata,
  gatewayName: pulumi.Input<string>,
  sslPolicyName: pulumi.Input<string>,
): Content => ({
  apiVersion: `${googleGroup}/v1`,
  kind: "GCPGatewayPolicy",
  metadata,
  spec: {
    default: { sslPolicy: sslPolicyName },
    targetRef: { group: gatewayGroup, kind: "Gateway", name: gatewayName },
  },
});

export const route = (
  metadata: Metadata,
  gatewayName: pulumi.Input<string>,
  { hostName, serviceName, port }: GatewayBackend,
): Content => ({
  apiVersion: `${gatewayGroup}/v1`,
  kind: "HTTPRoute",
  metadata,
  spec: {
    parentRefs: [
      { group: gatewayGroup, kind: "Gateway", name: gatewayName, sectionName: httpsListener },
    ],
    hostnames: [hostName],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        filters: [
          {
            type: "ResponseHeaderModifier",
            responseHeaderModifier: { set: [strictTransport] },
          },
        ],
        backendRefs: [{ group: "", kind: "Service", name: serviceName, port, weight: 1 }],
      },
    ],
  },
});

const serviceRef = (name: string) => ({ group: "", kind: "Service", name });

export const backendPolicy = (
  metadata: Metadata,
  { serviceName, sessionAffinity = false, timeoutSeconds = 3600 }: GatewayBackend,
): Content => ({
  apiVersion: `${googleGroup}/v1`,
  kind: "GCPBackendPolicy",
  metadata,
  spec: {
    default: {
      // Google's half a minute would cut uploads and websockets
      timeoutSec: timeoutSeconds,
      connectionDraining: { drainingTimeoutSec: 60 },
      ...(sessionAffinity
        ? { sessionAffinity: { type: "GENERATED_COOKIE", cookieTtlSec: 0 } }
        : {}),
      logging: { enabled: true, sampleRate: 1_000_000 },
    },
    targetRef: serviceRef(serviceName),
  },
});

export const healthCheck = (
  metadata: Metadata,
  { serviceName, port, healthPath }: GatewayBackend,
): Content => ({
  apiVersion: `${googleGroup}/v1`,
  kind: "HealthCheckPolicy",
  metadata,
  spec: {
    default: {
      checkIntervalSec: 10,
      timeoutSec: 5,
      healthyThreshold: 1,
      unhealthyThreshold: 3,
      config: {
        type: "HTTP",
        httpHealthCheck: { portSpecification: "USE_FIXED_PORT", port, requestPath: healthPath },
      },
    },
    targetRef: serviceRef(serviceName),
  },
});
