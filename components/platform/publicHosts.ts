import type { OidcLogin } from "../access/arguments.ts";
import { type PlatformService, services } from "../core/services.ts";

/** How a Service of the platform is opened to people. */
export interface PublicHost {
  /** First label of its host name. */
  readonly label: string;
  readonly service: PlatformService & { readonly healthPath: string };
  readonly sessionAffinity?: true;
  /** Paths that programs call: they get a 401, while browsers are sent to a login page. */
  readonly programPaths?: string[];
  /** Whether it has its own login, which needs the headers that people send. */
  readonly hasOwnLogin?: true;
  /** Whether it has no login: it is opened only behind a login proxy, which accepts ID tokens of programs. */
  readonly needsLogin?: true;
}

export const publicHosts = {
  tracking: {
    label: "mlflow",
    service: services.tracking,
    programPaths: ["/api/", "/ajax-api/"],
    hasOwnLogin: true,
  },
  prediction: { label: "predict", service: services.prediction, sessionAffinity: true },
  grafana: {
    label: "grafana",
    service: services.grafana,
    programPaths: ["/api/"],
    hasOwnLogin: true,
  },
  serving: { label: "models", service: services.serving, needsLogin: true },
} as const satisfies Record<string, PublicHost>;

export type PublicHostName = keyof typeof publicHosts;

export const hostOf = (name: PublicHostName, domain: string) =>
  `${publicHosts[name].label}.${domain}`;

export const isOpen = (host: PublicHost, login: OidcLogin | undefined) =>
  login !== undefined || host.needsLogin !== true;

/** Host names of a platform below a domain, for its DomainCertificate. The model server has one only with a login. */
export function exposedHostNames(domain: string, login?: OidcLogin): string[] {
  const names = Object.keys(publicHosts) as PublicHostName[];
  return names
    .filter((name) => isOpen(publicHosts[name], login))
    .map((name) => hostOf(name, domain));
}
