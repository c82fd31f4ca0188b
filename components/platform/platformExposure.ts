import * as pulumi from "@pulumi/pulumi";
import type { GatewayBackendArgs } from "../access/arguments.ts";
import { loginPort } from "../access/loginPods.ts";
import { LoginProxy } from "../access/loginProxy.ts";
import { PlatformGateway } from "../access/platformGateway.ts";
import { generatedCookieSecret } from "../core/secrets.ts";
import type { NamespacedArgs, NetworkFlowArgs } from "../kubernetes/arguments.ts";
import { internalServiceUrl } from "../kubernetes/endpoints.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
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

/** Host by which people reach MLflow, which refuses requests for any that it was not told of. */
export const publicTrackingHosts = ({ exposure }: MlopsPlatformArgs): string[] =>
  exposure === undefined ? [] : [hostOf("tracking", exposure.domain)];

/** URL that Grafana must know itself by; it comes to nobody by plain HTTP then. */
export const publicGrafanaUrl = ({ exposure }: MlopsPlatformArgs): string | undefined =>
  exposure && `https://${hostOf("grafana", exposure.domain)}`;

const loginName = ({ service }: PublicHost) => `${service.name}-login`;

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
          ...loginProxy,
          ...common,
          serviceName: loginName(host),
          login,
          domain,
          hostName: hostOf(key, domain),
          upstreamUrl: internalServiceUrl(host.service.name, common.namespace, host.service.port),
          cookieSecret,
          programPaths: host.programPaths,
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

/** What the load balancer talks to: the part itself, or the login in front of it. */
function backendOf(host: PublicHost, hostName: string, hasLogin: boolean): GatewayBackendArgs {
  const { service, sessionAffinity } = host;
  const { name: serviceName, port, healthPath } = service;
  const target = hasLogin
    ? { serviceName: loginName(host), port: loginPort, healthPath: "/ping" }
    : { serviceName, port, healthPath };
  return { hostName, ...target, sessionAffinity };
}

/** Google's load balancer reaches what is opened, or only the logins in front of it, and those nothing but theirs. */
export function exposureFlows(args: MlopsPlatformArgs): NetworkFlowArgs[] {
  const { exposure } = args;
  if (exposure === undefined) return [];
  const { login } = exposure;
  return openHosts(args).flatMap((key): NetworkFlowArgs[] => {
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
