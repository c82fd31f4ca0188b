import * as pulumi from "@pulumi/pulumi";
import { checkLogin, type GatewayBackendArgs, type OidcLoginArgs } from "../access/arguments.ts";
import { loginPort } from "../access/loginPods.ts";
import { LoginProxy } from "../access/loginProxy.ts";
import { PlatformGateway } from "../access/platformGateway.ts";
import { refuse } from "../core/checks.ts";
import { checkDomain, mostCharacters } from "../core/domainNames.ts";
import { generatedCookieSecret } from "../core/passwords.ts";
import type { MetadataArgs, NetworkFlowArgs } from "../kubernetes/arguments.ts";
import { internalServiceUrl } from "../kubernetes/endpoints.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";

/** A part of the platform that people reach from outside. */
interface Door {
  /** First label of its host name. */
  readonly label: string;
  /** Name of its Service, and of its pods. */
  readonly serviceName: string;
  readonly port: number;
  readonly healthPath: string;
  readonly sessionAffinity?: true;
  /** Paths that programs call: they are told 401, where people are sent to a login page. */
  readonly programPaths?: string[];
  /** It has a login of its own, for which it needs what people send it. */
  readonly hasOwnLogin?: true;
  /** It asks for no password: it is opened behind a login only, which takes ID tokens of programs. */
  readonly needsLogin?: true;
}

const doors = {
  mlflow: {
    label: "mlflow",
    serviceName: "mlflow",
    port: 5000,
    healthPath: "/health",
    programPaths: ["/api/", "/ajax-api/"],
    hasOwnLogin: true,
  },
  prediction: {
    label: "predict",
    serviceName: "prediction-app",
    port: 8501,
    healthPath: "/_stcore/health",
    sessionAffinity: true,
  },
  grafana: {
    label: "grafana",
    serviceName: "grafana",
    port: 3000,
    healthPath: "/api/health",
    programPaths: ["/api/"],
    hasOwnLogin: true,
  },
  models: {
    label: "models",
    serviceName: "model-server",
    port: 8080,
    healthPath: "/health",
    programPaths: ["/invocations"],
    needsLogin: true,
  },
} as const satisfies Record<string, Door>;

type DoorName = keyof typeof doors;

/** Where Google's load balancers and their health checks come from. */
const googleFrontEnds = ["130.211.0.0/22", "35.191.0.0/16"];

const hostOf = (door: DoorName, domain: string) => `${doors[door].label}.${domain}`;

const isOpen = (door: Door, login: OidcLoginArgs | undefined) =>
  login !== undefined || door.needsLogin !== true;

/** Host names of a platform below a domain, for its DomainCertificate. The model server has one only with a login. */
export function exposedHostNames(domain: string, login?: OidcLoginArgs): string[] {
  const names = Object.keys(doors) as DoorName[];
  return names.filter((name) => isOpen(doors[name], login)).map((name) => hostOf(name, domain));
}

/** Refuses what the gateway or the login would refuse, under the name that the caller gave it. */
export function checkExposure(subject: string, { exposure, nodePorts }: MlopsPlatformArgs): void {
  if (exposure === undefined) return;
  const { domain, login } = exposure;
  checkDomain(subject, "exposure.domain", domain);
  const longest = Math.max(...Object.values(doors).map(({ label }) => label.length + 1));
  const most = mostCharacters - longest;
  refuse(
    subject,
    domain.length > most,
    `exposure.domain must leave room for the longest host below it; give one of ${most} characters at most`,
  );
  if (login !== undefined) checkLogin(subject, login, "exposure.login");
  refuse(
    subject,
    Object.values(nodePorts ?? {}).some((port) => port !== undefined),
    "exposure and nodePorts exclude each other: a port on the nodes goes round the login and speaks plain HTTP; leave one of them out",
  );
}

const doorsOf = ({ exposure, monitoring = {} }: MlopsPlatformArgs): DoorName[] => {
  const hasGrafana = monitoring.enabled !== false && monitoring.grafana !== false;
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
export const publicTrackingHosts = ({ exposure }: MlopsPlatformArgs): string[] | undefined =>
  exposure && [hostOf("mlflow", exposure.domain)];

/** URL that Grafana must know itself by; it comes to nobody by plain HTTP then. */
export const publicGrafanaUrl = ({ exposure }: MlopsPlatformArgs): string | undefined =>
  exposure && `https://${hostOf("grafana", exposure.domain)}`;

const loginName = (door: Door) => `${door.serviceName}-login`;

/** The gateway, and the logins in front of what it opens. */
export function exposeToInternet(
  name: string,
  common: MetadataArgs,
  args: MlopsPlatformArgs,
  child: { parent: pulumi.Resource },
): void {
  const { exposure, paused } = args;
  if (exposure === undefined) return;
  const { domain, login, ...google } = exposure;
  const open = doorsOf(args);
  if (login !== undefined) {
    const cookieSecret = generatedCookieSecret(`${name}-login-cookie-secret`, child);
    for (const key of open) {
      const door: Door = doors[key];
      new LoginProxy(
        `${name}-${door.label}-login`,
        {
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
