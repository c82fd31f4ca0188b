import type { Kube } from "../../e2e/support/kube.ts";
import { waitUntil } from "../../e2e/support/wait.ts";

const kinds = [
  ["gateway.networking.k8s.io", "Gateway", "gateways"],
  ["gateway.networking.k8s.io", "HTTPRoute", "httproutes"],
  ["networking.gke.io", "GCPGatewayPolicy", "gcpgatewaypolicies"],
  ["networking.gke.io", "GCPBackendPolicy", "gcpbackendpolicies"],
  ["networking.gke.io", "HealthCheckPolicy", "healthcheckpolicies"],
] as const;
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/**
 * What GKE brings with `gatewayApiConfig`: the kinds of the Gateway API and of Google's policies, with any content.
 * @returns what removes those again that were not there
 */
export async function gatewayApi(api: Kube): Promise<() => Promise<void>> {
  const made: string[] = [];
  for (const [group, kind, plural] of kinds) {
    const name = `${plural}.${group}`;
    const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const versions = [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
      },
    ];
    const names = { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` };
    const { status } = await api.call("POST", definitions, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      // the API server wants a reason for groups of Kubernetes' own
      metadata: { name, annotations: { "api-approved.kubernetes.io": "unapproved, for a test" } },
      spec: { group, scope: "Namespaced", names, versions },
    });
    if (status === 201) made.push(name);
    await waitUntil(`${kind} is served`, 30, async () => {
      const { status: state } = await api.get(`${definitions}/${name}`);
      return state?.conditions?.some(
        ({ type, status: is }) => type === "Established" && is === "True",
      );
    });
  }
  return async () => {
    for (const name of made) await api.call("DELETE", `${definitions}/${name}`);
  };
}
