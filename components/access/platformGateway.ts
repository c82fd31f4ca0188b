import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { checkGateway, type PlatformGatewayArgs } from "./arguments.ts";
import { backendPolicy, gateway, healthCheck, route, tlsPolicy } from "./gatewayObjects.ts";

/**
 * Exposes Services to the internet through a GKE Gateway load balancer: HTTPS only, so port 80 is closed. Requires a
 * GKE cluster with the Gateway API. It adds no login: use a LoginProxy, or the login of the services.
 */
export class PlatformGateway extends pulumi.ComponentResource {
  /** URLs that people use, in the order of the backends. */
  public readonly urls: pulumi.Output<string[]>;

  constructor(name: string, args: PlatformGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`PlatformGateway "${name}"`, args, checkGateway(name));
    super("mlops:index:PlatformGateway", name, args, opts);

    const child = { parent: this };
    const gatewayName = args.gatewayName ?? name;
    const described = metadataFor("gateway", gatewayName, args);
    const metadata = (own: Parameters<typeof described>[0]) => {
      const { annotations, ...rest } = described(own);
      // an empty map of a custom resource is not kept, and every refresh would find it missing
      return Object.keys(annotations).length === 0 ? rest : { annotations, ...rest };
    };
    const object = (role: string, content: k8s.apiextensions.CustomResourceArgs) =>
      new k8s.apiextensions.CustomResource(`${name}-${role}`, content, child);

    const { addressName, certificateMapName, sslPolicyName } = args;
    const made = object(
      "gateway",
      gateway(
        metadata({
          name: gatewayName,
          annotations: { "networking.gke.io/certmap": certificateMapName },
        }),
        addressName,
      ),
    );
    if (sslPolicyName !== undefined) {
      object("tls", tlsPolicy(metadata({ name: gatewayName }), made.metadata.name, sslPolicyName));
    }
    for (const backend of args.backends) {
      const { serviceName } = backend;
      const named = metadata({ name: `${gatewayName}-${serviceName}` });
      object(`${serviceName}-route`, route(named, made.metadata.name, backend));
      object(`${serviceName}-policy`, backendPolicy(named, backend));
      object(`${serviceName}-health`, healthCheck(named, backend));
    }

    this.urls = pulumi.output(args.backends.map(({ hostName }) => `https://${hostName}`));
    this.registerOutputs(outputsOf(this));
  }
}
