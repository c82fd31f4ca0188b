import * as pulumi from "@pulumi/pulumi";
import type { GatewayBackend } from "../access/arguments.ts";
import { loginPort } from "../access/loginPods.ts";
import { LoginProxy } from "../access/loginProxy.ts";
import { PlatformGateway } from "../access/platformGateway.ts";
import { mirrored } from "../core/imageMirror.ts";
import { generatedCookieSecret } from "../core/secrets.ts";
import { versions } from "../core/versions.ts";
import type { NamespacedArgs, NetworkFlow } from "../kubernetes/arguments.ts";
import { internalServiceUrl } from "../kubernetes/endpoints.ts";
import { slugOf } from "../core/slug.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { modelService } from "./platformModels.ts";
import {
  hostOf,
  isOpen,
  type PublicHost,
  type PublicHostName,
  publicHosts,
} from "./publicHosts.ts";

/** Where Google's load balancers and their health checks come from. */
const googleFrontEnds = ["130.211.0.0/22", "35.191.0.0/16"];

const openHosts = ({ exposure, monitoring = {} }: MlopsPlatformArgs): PublicHostName[] => {
  const hasGrafana = monitoring.enabled !== false && monitoring.grafana?.enabled !== false;
  return (Object.keys(publicHosts) as PublicHostName[]).filter(
    (name) => isOpen(publicHosts[name], exposure?.login) && (name !== "grafana" || hasGrafana),
  );
};

/** URL under which people reach a part: below the domain where it is opened, else the given one. */
export function publicUrl(
  args: MlopsPlatformArgs,
  host: PublicHostName,
  inside: pulumi.Output<string>,
): pulumi.Output<string> {
  const { exposure } = args;
  if (exposure === undefined || !openHosts(args).includes(host)) return inside;
  return pulumi.output(`https://${hostOf(host, exposure.domain)}`);
}

/** URL by which people reach the server of a model: all of them are below one host. */
export const publicModelUrl = (
  args: MlopsPlatformArgs,
  model: string,
  inside: pulumi.Output<string>,
): pulumi.Output<string> => {
  const host = publicUrl(args, "serving", inside);
  return host === inside ? inside : pulumi.interpolate`${host}/${slugOf(model)}`;
};

/** Host by which people reach MLflow, which refuses requests for hosts that are not configured. */
export const publicTrackingHosts = ({ exposure }: MlopsPlatformArgs): string[] =>
  exposure === undefined ? [] : [hostOf("tracking", exposure.domain)];

/** The root URL of Grafana; with a domain Grafana is never reached by plain HTTP. */
export const publicGrafanaUrl = ({ exposure }: MlopsPlatformArgs): string | undefined =>
  exposure && `https://${hostOf("grafana", exposure.domain)}`;

const loginName = ({ label }: PublicHost) => `${label}-login`;

/** The gateway, and the logins in front of what it opens. */
export function exposeToInternet(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  child: { parent: pulumi.Resource },
): void {
  const { exposure, paused } = args;
  if (exposure === undefined) return;
  const { domain, login, loginProxy, ...google } = exposure;
  const open = openHosts(args);
  if (login !== undefined) {
    const cookieSecret = generatedCookieSecret(`${name}-login-cookie-secret`, child);
    for (const key of open) {
      const host: PublicHost = publicHosts[key];
      new LoginProxy(
        `${name}-${host.label}-login`,
        {
          image: mirrored(versions.oauth2Proxy, args.imageMirror),
          ...loginProxy,
          ...common,
          serviceName: loginName(host),
          login,
          domain,
          hostName: hostOf(key, domain),
          ...behindLogin(key, common, args),
          cookieSecret,
          acceptIdTokens: host.needsLogin,
          forwardCredentials: host.hasOwnLogin,
          paused,
        },
        child,
      );
    }
  }
  new PlatformGateway(
    `${name}-gateway`,
    {
      ...common,
      gatewayName: "mlops",
      ...google,
      backends: open.map((key) =>
        backendOf(publicHosts[key], hostOf(key, domain), login !== undefined),
      ),
    },
    child,
  );
}

/** The Service behind the login of a host, and which of its paths programs call. */
function behindLogin(key: PublicHostName, { namespace }: NamespacedArgs, args: MlopsPlatformArgs) {
  const { service, programPaths }: PublicHost = publicHosts[key];
  const urlOf = (name: string) => internalServiceUrl(name, namespace, service.port);
  if (key !== "serving") return { upstreamUrls: { "/": urlOf(service.name) }, programPaths };
  const models = args.models.map(({ name }) => [`/${slugOf(name)}/`, name] as const);
  return {
    upstreamUrls: Object.fromEntries(
      models.map(([path, name]) => [path, urlOf(modelService(name))]),
    ),
    programPaths: models.map(([path]) => `${path}invocations`),
  };
}

/** The backend of the load balancer: the part itself, or the login in front of it. */
function backendOf(host: PublicHost, hostName: string, hasLogin: boolean): GatewayBackend {
  const { service, sessionAffinity } = host;
  const { name: serviceName, port, healthPath } = service;
  const target = hasLogin
    ? { serviceName: loginName(host), port: loginPort, healthPath: "/ping" }
    : { serviceName, port, healthPath };
  return { hostName, ...target, sessionAffinity };
}

/** Google's load balancer reaches what is opened, or only the logins in front of it, and those nothing but theirs. */
export function exposureFlows(args: MlopsPlatformArgs): NetworkFlow[] {
  const { exposure } = args;
  if (exposure === undefined) return [];
  const { login } = exposure;
  return openHosts(args).flatMap((key): NetworkFlow[] => {
    const host: PublicHost = publicHosts[key];
    const { name: serviceName, port } = host.service;
    if (login === undefined) return [{ fromAddresses: googleFrontEnds, to: serviceName, port }];
    const proxy = loginName(host);
    return [
      { fromAddresses: googleFrontEnds, to: proxy, port: loginPort },
      { from: proxy, to: serviceName, port },
      { from: proxy, port: Number(new URL(login.issuerUrl).port || 443) },
    ];
  });
}
