import type * as pulumi from "@pulumi/pulumi";
import {
  type Combination,
  dnsLabel,
  exclusive,
  flag,
  inSecret,
  list,
  map,
  matches,
  must,
  object,
  required,
  type Rule,
  type Rules,
  text,
  whole,
} from "../core/checks.ts";
import { domainName, hostOf } from "../core/domainNames.ts";
import { googleLabels, project } from "../google/googleChecks.ts";
import * as kube from "../kubernetes/arguments.ts";

/** Who lets people in: a client at an OpenID Connect provider such as Google, Keycloak, Okta or Entra ID. */
export interface OidcLogin {
  /** Issuer, as the provider's documentation gives it, such as `https://accounts.google.com`. It must be `https:`. */
  issuerUrl: string;
  /** Client id from the provider. Register every host's `/oauth2/callback` there as a redirect URI. */
  clientId: pulumi.Input<string>;
  /** Client secret from the provider. Kept secret whatever the caller passes. Required without a LoginProxy's `secretName`. */
  clientSecret?: pulumi.Input<string>;
  /** Domain of the e-mail addresses to admit, such as `example.com`. Anyone with a verified address there gets in; `*` is refused. */
  emailDomain: string;
  /** Whether the ID token must state that the address is verified, as `email_verified`. Defaults to true. Entra ID and AD FS never send it: set it to false for them, and rely on their administrators for the addresses. */
  requireVerifiedEmail?: boolean;
}

/** What people choose about the pods of a login. */
export interface LoginProxySettings extends kube.PodSettings {
  /** Hours after which people must log in again, 1 to 168. Defaults to 12. A person whose account was disabled keeps access until then. */
  sessionHours?: number;
  /** Timeout in seconds until a response begins, 30 to 86400. Defaults to 3600, for uploads of large files. */
  timeoutSeconds?: number;
  /** Number of pods, 1 to 20. Defaults to 2, so that one can restart while the other serves. */
  replicas?: number;
  /** Image of oauth2-proxy. Defaults to the official one at the version this package was tested with. */
  image?: pulumi.Input<string>;
  /** CPU and memory. Defaults to requests of 20m and 32Mi, and limits of 500m and 128Mi. */
  resources?: kube.ContainerResources;
}

/** Arguments of LoginProxy. */
export interface LoginProxyArgs extends LoginProxySettings, kube.WorkloadArgs {
  /** OpenID Connect provider, and whom it admits. */
  login: OidcLogin;
  /** Domain of all hosts that share the login, such as `mlops.example.com`. Every host below it receives the cookie, so use a dedicated domain. */
  domain: string;
  /** Host that this proxy answers for, one level below the domain. */
  hostName: string;
  /** Upstream URLs inside the cluster, by path prefix: `/` for everything, or several such as `/churn/`, which is stripped. Upstreams receive the original host name. */
  upstreamUrls: { [path: string]: pulumi.Input<string> };
  /** Key that encrypts the cookie: 43 letters, digits, `-` and `_`, which are 32 bytes. Give all proxies of a domain the same key, so that one login covers all of them. Generated when left out. Changing it logs all users out. */
  cookieSecret?: pulumi.Input<string>;
  /** Existing Secret to use instead, in the same namespace, with the keys `client-secret` and `cookie-secret`. Excludes `login.clientSecret` and `cookieSecret`. Pods read it at startup: restart them after a change. */
  secretName?: pulumi.Input<string>;
  /** Path prefixes that programs call, such as `/api/`: without a login they return 401, not a redirect. Defaults to none. */
  programPaths?: string[];
  /** Whether to also accept the provider's ID tokens for this client id in `Authorization: Bearer`. Defaults to false. It cannot work with a service that requires its own password, because a request has only one `Authorization`. */
  acceptIdTokens?: boolean;
  /** Whether to forward cookies and `Authorization`. Defaults to false, so that upstreams never receive credentials for the other hosts. MLflow and Grafana need it for their own logins. */
  forwardCredentials?: boolean;
}

/** Domains where anyone can create an address. */
const publicMailDomains = ["gmail.com", "googlemail.com"];

/** Issuers of Entra ID: none of them sends `email_verified`, and some let in people of every organisation. */
const entraIssuer =
  /^https:\/\/(login\.(partner\.)?microsoftonline\.(com|us|cn)|sts\.windows\.net)\//;
const everyTenant = /\/(common|organizations|consumers)\//;

/** Refuses a login that would admit every user, or none. */
const loginRule = (clientSecret: Rule): Rule =>
  object<OidcLogin>(
    {
      issuerUrl: required(
        must<string>(
          "be an https: URL such as https://accounts.google.com, without a query",
          (url) => URL.canParse(url) && /^https:\/\/[^@?#]+$/.test(url),
        ),
      ),
      clientId: required(text),
      clientSecret,
      emailDomain: required((check, value) =>
        value === "*"
          ? check.must(
              "not be *, which admits every account of the provider; name the domain of your users' addresses",
            )
          : domainName(check, value),
      ),
      requireVerifiedEmail: flag,
    },
    (check, { issuerUrl, emailDomain, requireVerifiedEmail = true }) => {
      if (issuerUrl === undefined) return;
      if (
        emailDomain !== undefined &&
        publicMailDomains.includes(emailDomain) &&
        new URL(issuerUrl).hostname === "accounts.google.com"
      ) {
        check
          .at("emailDomain")
          .must(
            `not be ${emailDomain} with Google's accounts, because anyone can create one; name your own domain`,
          );
      }
      if (!entraIssuer.test(issuerUrl)) return;
      if (requireVerifiedEmail) {
        check
          .at("requireVerifiedEmail")
          .must(
            "be false with Entra ID, which never sends email_verified; set it to false and rely on the tenant's administrators for the addresses",
          );
      }
      if (everyTenant.test(issuerUrl)) {
        check
          .at("issuerUrl")
          .must(
            "name your own Entra ID tenant, because another tenant can make up any address; use https://login.microsoftonline.com/TENANT-ID/v2.0",
          );
      }
    },
  );

export const oidcLogin = loginRule(required(text));

const loginSettingsRules: Rules<LoginProxySettings> = {
  ...kube.podSettingsRules,
  sessionHours: whole(1, 168),
  timeoutSeconds: whole(30, 86400),
  replicas: whole(1, 20),
  image: text,
  resources: kube.resourcesRule,
};

export const checkLoginProxySettings: Rule = object(loginSettingsRules);

const path = (example: string) =>
  matches(/^\/[-\w./]*$/, `be the start of a path such as ${example}`);

/** Refuses a host that is not one level below the domain. */
const belowDomain: Combination<{ domain: string; hostName: string }> = (check, args) => {
  if (args.domain !== undefined) check.hold("hostName", args.hostName, hostOf(args.domain));
};

const upstreamUrls: Rule = (check, value) => {
  for (const path of Object.keys(map(text)(check, value) ?? {})) {
    if (!/^\/([-\w]+\/)?$/.test(path) || path === "/oauth2/") {
      check
        .at(path)
        .must("be under / or a path such as /churn/, and not /oauth2/, the proxy's own");
    }
  }
  return value;
};

export const checkLoginProxy: Rule = object<LoginProxyArgs>(
  {
    ...loginSettingsRules,
    ...kube.workloadRules,
    login: required(loginRule(text)),
    domain: required(domainName),
    hostName: required(text),
    upstreamUrls: required(upstreamUrls),
    cookieSecret: matches(
      /^[-\w]{43}$/,
      "be 43 letters, digits, dashes and underscores (32 bytes as base64url); leave it out to have one generated",
    ),
    secretName: text,
    programPaths: list(path("/api/")),
    acceptIdTokens: flag,
    forwardCredentials: flag,
  },
  belowDomain,
  exclusive("secretName", "cookieSecret"),
  (check, { login, secretName }) => {
    if (login === undefined) return;
    const exists = secretName !== undefined;
    inSecret(check.at("login"), "clientSecret", login.clientSecret, "secretName", exists);
  },
);

/** A Service that a gateway answers with. */
export interface GatewayBackend {
  /** Host name under which people reach it, such as `mlflow.mlops.example.com`. */
  hostName: string;
  /** Name of the Service, in the gateway's namespace. Google's policies are attached to it, one set per Service. */
  serviceName: string;
  /** TCP port of the Service and of its pods. */
  port: number;
  /** Path for which a healthy pod returns 200, without a login and for any `Host`. */
  healthPath: string;
  /** Whether a load balancer cookie keeps a browser on the same pod. Defaults to false. Streamlit requires it. */
  sessionAffinity?: boolean;
  /** Maximum duration of a request or a WebSocket in seconds, 1 to 86400. Defaults to 3600. */
  timeoutSeconds?: number;
}

/** Arguments of PlatformGateway. Every Service behind it is in its namespace. */
export interface PlatformGatewayArgs extends kube.NamespacedArgs {
  /** Name of the Gateway and prefix of its objects' names. Defaults to the component's name. Changing it replaces the load balancer; the address stays. */
  gatewayName?: string;
  /** Name of a global static address of Google Cloud, such as a DomainCertificate's. After a change, existing DNS records point to the old address. */
  addressName: pulumi.Input<string>;
  /** Name of a certificate map of Google's Certificate Manager, such as a DomainCertificate's. */
  certificateMapName: pulumi.Input<string>;
  /** Name of a global SSL policy of Google Cloud, such as a DomainCertificate's. Defaults to Google's own, which still allows TLS 1.0. */
  sslPolicyName?: pulumi.Input<string>;
  /** Services to expose, one host each. Requests for any other host are rejected. */
  backends: GatewayBackend[];
}

const gatewayBackend = object<GatewayBackend>({
  hostName: required(domainName),
  serviceName: required(dnsLabel("mlflow")),
  port: required(whole(1, 65535)),
  healthPath: required(matches(/^\/[-\w./]*$/, "be a path such as /health")),
  sessionAffinity: flag,
  timeoutSeconds: whole(1, 86400),
});

export const checkGateway = (name: string): Rule =>
  object<PlatformGatewayArgs>(
    {
      ...kube.namespacedRules,
      gatewayName: (check, value) => dnsLabel("mlops")(check, value ?? name),
      addressName: required(text),
      certificateMapName: required(text),
      sslPolicyName: text,
      backends: required(list(gatewayBackend)),
    },
    (check, { backends }) => {
      if (backends === undefined) return;
      check.refuse(
        "backends",
        backends.length === 0,
        "backends must not be empty; name what is to be reached, or leave the gateway out",
      );
      for (const key of ["hostName", "serviceName"] as const) {
        check.refuse(
          "backends",
          new Set(backends.map((backend) => backend[key])).size < backends.length,
          `backends must differ in their ${key}; name each once`,
        );
      }
    },
  );

/** Arguments of DomainCertificate. */
export interface DomainCertificateArgs {
  /** Google Cloud project that holds everything. Its Compute Engine, Certificate Manager and, with `dnsZone`, Cloud DNS APIs must be enabled. */
  project: pulumi.Input<string>;
  /** Parent domain of the hosts, such as `mlops.example.com`. Use a dedicated one. Changing it replaces the certificate; the hosts are unavailable until the new one is issued. */
  domain: string;
  /** Host names to serve, each one level below the domain, such as `mlflow.mlops.example.com`. */
  hostNames: string[];
  /** Name of the Cloud DNS managed zone, in the same project, to create the records in. Left out, create those of the output `dnsRecords` at your DNS provider. */
  dnsZone?: string;
  /** Labels added to the resources that support them. */
  labels?: { [key: string]: pulumi.Input<string> };
}

export const checkDomainCertificate: Rule = object<DomainCertificateArgs>(
  {
    project,
    domain: required(domainName),
    hostNames: required(list(text)),
    dnsZone: matches(
      /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
      "be the name of a managed zone, as `gcloud dns managed-zones list` prints it, not its domain; give the name or leave it out",
    ),
    labels: googleLabels,
  },
  (check, { domain, hostNames }) => {
    if (hostNames === undefined) return;
    check.refuse(
      "hostNames",
      hostNames.length === 0,
      "hostNames must not be empty; name the hosts that people open, such as those of exposedHostNames",
    );
    if (domain !== undefined) check.hold("hostNames", hostNames, list(hostOf(domain)));
    check.refuse(
      "hostNames",
      new Set(hostNames).size < hostNames.length,
      "hostNames must differ from each other; name each host once",
    );
  },
);
