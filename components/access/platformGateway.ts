import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isDnsLabel, isWholeNumber, refuse } from "../core/checks.ts";
import { checkDomain } from "../core/domainNames.ts";
import { backendPolicy, gateway, healthCheck, route, tlsPolicy } from "./gatewayObjects.ts";
import { metadataFor } from "../kubernetes/metadata.ts";

/** A Service that a gateway answers with. */
export interface GatewayBackendArgs {
  /** Host name under which people reach it, such as `mlflow.mlops.example.com`. */
  hostName: string;
  /** Name of the Service, in the gateway's namespace. Policies of Google's are attached to it, one set a Service. */
  serviceName: string;
  /** TCP port of the Service, which its pods listen on too. */
  port: number;
  /** Path that a healthy pod answers with 200 whoever asks, and whatever the `Host`. */
  healthPath: string;
  /** Whether a browser always comes to the same pod, by a cookie of the load balancer. Defaults to false. Streamlit needs it. */
  sessionAffinity?: boolean;
  /** Longest time in seconds that a request or a websocket may take, 1 to 86400. Defaults to 3600. */
  timeoutSeconds?: number;
}

/** Arguments of PlatformGateway. */
export interface PlatformGatewayArgs {
  /** Namespace of the gateway and of every Service behind it. */
  namespace: pulumi.Input<string>;
  /** Name of the Gateway and the start of its objects' names. Defaults to the component's name. Changing it replaces the load balancer; the address stays. */
  gatewayName?: string;
  /** Name of a global static address of Google Cloud, such as a DomainCertificate's. Changing it makes people's DNS records point to nothing. */
  addressName: pulumi.Input<string>;
  /** Name of a certificate map of Google's Certificate Manager, such as a DomainCertificate's. */
  certificateMapName: pulumi.Input<string>;
  /** Name of a global SSL policy of Google Cloud, such as a DomainCertificate's. Defaults to Google's own, which still speaks TLS 1.0. */
  sslPolicyName?: pulumi.Input<string>;
  /** What is answered, one host each. Every other host is refused. */
  backends: GatewayBackendArgs[];
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/**
 * Opens Services to the internet through the load balancer that GKE makes of a Gateway: HTTPS only, so that nothing
 * answers on port 80. It needs a GKE cluster with the Gateway API. It asks nobody for a login; that is for a LoginProxy
 * or for what stands behind.
 */
export class PlatformGateway extends pulumi.ComponentResource {
  /** URLs that people use, in the order of the backends. */
  public readonly urls: pulumi.Output<string[]>;

  constructor(name: string, args: PlatformGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`PlatformGateway "${name}"`, name, args);
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
    this.registerOutputs({ urls: this.urls });
  }
}

function checkArguments(subject: string, name: string, args: PlatformGatewayArgs): void {
  const { gatewayName = name, backends } = args;
  ensure(
    subject,
    "gatewayName",
    gatewayName,
    isDnsLabel,
    "be a DNS label such as mlops: small letters, digits and dashes",
  );
  refuse(
    subject,
    backends.length === 0,
    "backends must not be empty; name what is to be reached, or leave the gateway out",
  );
  for (const [index, backend] of backends.entries()) {
    const at = (argument: string) => `backends[${index}].${argument}`;
    const { hostName, serviceName, port, healthPath, timeoutSeconds } = backend;
    checkDomain(subject, at("hostName"), hostName);
    ensure(subject, at("serviceName"), serviceName, isDnsLabel, "be the name of a Service");
    ensure(subject, at("port"), port, isWholeNumber(1, 65535), "be between 1 and 65535");
    ensure(
      subject,
      at("healthPath"),
      healthPath,
      (path) => /^\/[-\w./]*$/.test(path),
      "be a path such as /health",
    );
    checkWhole(subject, at("timeoutSeconds"), timeoutSeconds ?? 3600, 1, 86400);
  }
  for (const key of ["hostName", "serviceName"] as const) {
    refuse(
      subject,
      new Set(backends.map((backend) => backend[key])).size < backends.length,
      `backends must differ in their ${key}; name each once`,
    );
  }
}
