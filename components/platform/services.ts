import type { OidcLoginArgs } from "../access/arguments.ts";

/** A part of the platform that people reach from outside. */
export interface Door {
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

export const doors = {
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

export type DoorName = keyof typeof doors;

export const hostOf = (door: DoorName, domain: string) => `${doors[door].label}.${domain}`;

export const isOpen = (door: Door, login: OidcLoginArgs | undefined) =>
  login !== undefined || door.needsLogin !== true;

/** Host names of a platform below a domain, for its DomainCertificate. The model server has one only with a login. */
export function exposedHostNames(domain: string, login?: OidcLoginArgs): string[] {
  const names = Object.keys(doors) as DoorName[];
  return names.filter((name) => isOpen(doors[name], login)).map((name) => hostOf(name, domain));
}
