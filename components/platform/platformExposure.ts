import * as pulumi from "@pulumi/pulumi";
import type { GatewayBackendArgs } from "../access/arguments.ts";
import { loginPort } from "../access/loginPods.ts";
import { LoginProxy } from "../access/loginProxy.ts";
import { PlatformGateway } from "../access/platformGateway.ts";
import { generatedCookieSecret } from "../core/passwords.ts";
import type { NamespacedArgs, NetworkFlowArgs } from "../kubernetes/arguments.ts";
import { internalServiceUrl } from "../kubernetes/endpoints.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { type Door, type DoorName, doors, hostOf, isOpen } from "./services.ts";

/** Where Google's load balancers and their health checks come from. */
const googleFrontEnds = ["130.211.0.0/22", "35.191.0.0/16"];

const doorsOf = ({ exposure, monitoring = {} }: MlopsPlatformArgs): DoorName[] => {
  const hasGrafana = monitoring.enabled !== false && monitoring.grafana?.enabled !== false;
  return (Object.keys(doors) as DoorName[]).filter(
    (name) => isOpen(doors[name], exposure?.login) && (name !== "grafana" || hasGrafana),
  );
};

/** URL under which people reach a part: below the domain where it is opened, else the given one. */
export function publicUrl(
  args: MlopsPlatformArgs,
  door: DoorName,
  inside: pulumi.Output<string>,
): pulumi.Output<string> {
  const { exposure } = args;
  if (exposure === undefined || !doorsOf(args).includes(door)) return inside;
  return pulumi.output(`https://${hostOf(door, exposure.domain)}`);
}

/** Host by which people reach MLflow, which refuses requests for any that it was not told of. */
export const publicTrackingHosts = ({ exposure }: MlopsPlatformArgs): string[] =>
  exposure === undefined ? [] : [hostOf("mlflow", exposure.domain)];

/** URL that Grafana must know itself by; it comes to nobody by plain HTTP then. */
export const publicGrafanaUrl = ({ exposure }: MlopsPlatformArgs): string | undefined =>
  exposure && `https://${hostOf("grafana", exposure.domain)}`;

const loginName = (door: Door) => `${door.serviceName}-login`;

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
  const open = doorsOf(args);
  if (login !== undefined) {
    const cookieSecret = generatedCookieSecret(`${name}-login-cookie-secret`, child);
    for (const key of open) {
      const door: Door = doors[key];
      new LoginProxy(
        `${name}-${door.label}-login`,
        {
          ...loginProxy,
          ...common,
          serviceName: loginName(door),
          login,
          domain,
          hostName: hostOf(key, domain),
          upstreamUrl: internalServiceUrl(door.serviceName, common.namespace, door.port),
          cookieSecret,
          programPaths: door.programPaths,
          acceptIdTokens: door.needsLogin,
          forwardCredentials: door.hasOwnLogin,
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
      backends: open.map((key) => backendOf(doors[key], hostOf(key, domain), login !== undefined)),
    },
    child,
  );
}

/** What the load balancer talks to: the part itself, or the login in front of it. */
function backendOf(door: Door, hostName: string, hasLogin: boolean): GatewayBackendArgs {
  const { serviceName, port, healthPath, sessionAffinity } = door;
  const target = hasLogin
    ? { serviceName: loginName(door), port: loginPort, healthPath: "/ping" }
    : { serviceName, port, healthPath };
  return { hostName, ...target, sessionAffinity };
}

/** Google's load balancer reaches what is opened, or only the logins in front of it, and those nothing but theirs. */
export function exposureFlows(args: MlopsPlatformArgs): NetworkFlowArgs[] {
  const { exposure } = args;
  if (exposure === undefined) return [];
  const { login } = exposure;
  return doorsOf(args).flatMap((key): NetworkFlowArgs[] => {
    const door: Door = doors[key];
    const { serviceName, port } = door;
    if (login === undefined) return [{ fromAddresses: googleFrontEnds, to: serviceName, port }];
    const proxy = loginName(door);
    return [
      { fromAddresses: googleFrontEnds, to: proxy, port: loginPort },
      { from: proxy, to: serviceName, port },
      { from: proxy, port: Number(new URL(login.issuerUrl).port || 443) },
    ];
  });
}
