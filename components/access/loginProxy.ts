import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, refuse } from "../core/checks.ts";
import { withSecret } from "../core/confidential.ts";
import { checkDomain, checkHostOf } from "../core/domainNames.ts";
import { internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { disruptionBudget } from "../kubernetes/httpWorkload.ts";
import { configFile, loginConfig, loginFlags, loginPod, loginPort } from "./loginPods.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { generatedCookieSecret } from "../core/passwords.ts";
import { pausedReplicas } from "../kubernetes/pauses.ts";
import type { ContainerResourcesArgs } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";

/** Who lets people in: a client at an OpenID Connect provider such as Google, Keycloak, Okta or Entra ID. */
export interface OidcLoginArgs {
  /** Issuer, as the provider's documentation gives it, such as `https://accounts.google.com`. It must be `https:`. */
  issuerUrl: string;
  /** Client id that the provider gave. Every host's `/oauth2/callback` must be registered there as a redirect URI. */
  clientId: pulumi.Input<string>;
  /** Client secret that the provider gave. Kept secret whatever the caller passes. */
  clientSecret: pulumi.Input<string>;
  /** Domain of the e-mail addresses that are let in, such as `example.com`. Everybody with a verified address there gets in; `*` is refused. */
  emailDomain: string;
  /** Whether the provider must say that it has verified the address, as `email_verified` in the ID token. Defaults to true. Entra ID and AD FS never say it: set it to false for them, and their administrators vouch for the addresses. */
  requireVerifiedEmail?: boolean;
}

/** Arguments of LoginProxy. */
export interface LoginProxyArgs {
  /** Namespace that holds every object of the proxy. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which a gateway finds it, and of the objects and pods behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
  /** Who lets people in. */
  login: OidcLoginArgs;
  /** Domain of all hosts that share the login, such as `mlops.example.com`. Every host below it is sent the cookie, so let it hold nothing else. */
  domain: string;
  /** Host that this proxy answers for, one level below the domain. */
  hostName: string;
  /** URL of what stands behind, inside the cluster. It sees the host name that people typed. */
  upstreamUrl: pulumi.Input<string>;
  /** What the cookie is encrypted with: 43 letters, digits, `-` and `_`, which are 32 bytes. Give all proxies of a domain the same, so that one login opens all of them. Generated when left out. Changing it logs everybody out. */
  cookieSecret?: pulumi.Input<string>;
  /** Starts of the paths that programs call, such as `/api/`: without a login they answer 401, not with a redirect to a page. Defaults to none. */
  programPaths?: string[];
  /** Whether an ID token of the provider, made for this client id, in `Authorization: Bearer` opens the door too. Defaults to false. Of no use in front of what asks for a password of its own, for a request has one `Authorization`. */
  acceptIdTokens?: boolean;
  /** Whether cookies and `Authorization` are passed on. Defaults to false, so that what stands behind never holds what opens the other hosts. MLflow and Grafana need it, for their own logins. */
  forwardCredentials?: boolean;
  /** Hours after which people log in again, 1 to 168. Defaults to 12; for so long somebody who lost the account still gets in. */
  sessionHours?: number;
  /** Longest time in seconds until an answer begins, 30 to 86400. Defaults to 3600, for uploads of large files. */
  timeoutSeconds?: number;
  /** Number of pods, 1 to 20. Defaults to 2, so that one may restart while the other answers. */
  replicas?: number;
  /** Whether no pod runs. Defaults to false. The host answers 503 meanwhile. */
  paused?: boolean;
  /** Image of oauth2-proxy. Defaults to the official one at the version this package was tried with. */
  image?: pulumi.Input<string>;
  /** CPU and memory. Defaults to 20m and 32Mi requested, 500m and 128Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/**
 * A login in front of one Service, by oauth2-proxy: nobody reaches it without an account at an OpenID Connect provider
 * and an e-mail address in the right domain. One login opens every host of the domain that shares its cookie secret.
 */
export class LoginProxy extends pulumi.ComponentResource {
  /** URL that a gateway inside the cluster uses. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people use. */
  public readonly externalUrl: pulumi.Output<string>;
  /** Redirect URI that must be registered at the provider. */
  public readonly redirectUri: pulumi.Output<string>;

  constructor(name: string, args: LoginProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`LoginProxy "${name}"`, args);
    super("mlops:index:LoginProxy", name, withSecret(args, "login", "cookieSecret"), opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const replicas = args.replicas ?? 2;
    // by its own name, so that a network policy can tell one host's proxy from another's
    const metadata = metadataFor(serviceName, serviceName, args);
    const selector = selectorLabels(serviceName, serviceName);
    const secrets = new k8s.core.v1.Secret(
      `${name}-secrets`,
      {
        metadata: metadata(),
        immutable: true,
        stringData: {
          [configFile]: loginConfig(args),
          "client-secret": pulumi.secret(args.login.clientSecret),
          "cookie-secret": pulumi.secret(
            args.cookieSecret ?? generatedCookieSecret(`${name}-cookie-secret`, child),
          ),
        },
      },
      child,
    );
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: { selector, ...servicePorts(loginPort, {}) },
      },
      child,
    );
    const redirectUri = `https://${args.hostName}/oauth2/callback`;
    new k8s.apps.v1.Deployment(
      `${name}-server`,
      {
        metadata: metadata({ name: serviceName }),
        spec: {
          replicas: pausedReplicas(replicas, args.paused),
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: metadata().labels, annotations: args.annotations },
            spec: loginPod(args, {
              flags: loginFlags(args, redirectUri),
              secretName: secrets.metadata.name,
              serviceAccountName,
              selector,
            }),
          },
        },
      },
      child,
    );
    disruptionBudget(name, replicas, metadata({ name: serviceName }), selector, child);

    this.internalUrl = internalServiceUrl(serviceName, args.namespace, loginPort);
    this.externalUrl = pulumi.output(`https://${args.hostName}`);
    this.redirectUri = pulumi.output(redirectUri);
    this.registerOutputs({
      internalUrl: this.internalUrl,
      externalUrl: this.externalUrl,
      redirectUri: this.redirectUri,
    });
  }
}

/** Where anybody in the world can have an address. */
const publicMailDomains = ["gmail.com", "googlemail.com"];

/** Issuers of Entra ID: none of them sends `email_verified`, and some let in people of every organisation. */
const entraIssuer =
  /^https:\/\/(login\.(partner\.)?microsoftonline\.(com|us|cn)|sts\.windows\.net)\//;
const everyTenant = /\/(common|organizations|consumers)\//;

/** Refuses a login that would let everybody in, or nobody. */
export function checkLogin(
  subject: string,
  { issuerUrl, emailDomain, requireVerifiedEmail = true }: OidcLoginArgs,
  argument = "login",
): void {
  ensure(
    subject,
    `${argument}.issuerUrl`,
    issuerUrl,
    (url) => URL.canParse(url) && /^https:\/\/[^@?#]+$/.test(url),
    "be an https: URL such as https://accounts.google.com, without a query",
  );
  refuse(
    subject,
    emailDomain === "*",
    `${argument}.emailDomain must not be *, which lets in everybody whom the provider knows; name the domain of your people's addresses`,
  );
  checkDomain(subject, `${argument}.emailDomain`, emailDomain);
  refuse(
    subject,
    publicMailDomains.includes(emailDomain) &&
      new URL(issuerUrl).hostname === "accounts.google.com",
    `${argument}.emailDomain must not be ${emailDomain} with Google's accounts, for anybody can have one; name a domain of your own`,
  );
  if (!entraIssuer.test(issuerUrl)) return;
  refuse(
    subject,
    requireVerifiedEmail,
    `${argument}.requireVerifiedEmail must be false with Entra ID, which never sends email_verified; set it to false, and the tenant's administrators vouch for the addresses`,
  );
  refuse(
    subject,
    everyTenant.test(issuerUrl),
    `${argument}.issuerUrl must name your own tenant of Entra ID, for in any other one an address may be made up; use https://login.microsoftonline.com/TENANT-ID/v2.0`,
  );
}

function checkArguments(subject: string, args: LoginProxyArgs): void {
  const { domain, hostName, cookieSecret, replicas, sessionHours, timeoutSeconds } = args;
  checkLogin(subject, args.login);
  checkDomain(subject, "domain", domain);
  checkHostOf(subject, "hostName", hostName, domain);
  refuse(
    subject,
    typeof cookieSecret === "string" && !/^[-\w]{43}$/.test(cookieSecret),
    "cookieSecret must be 43 letters, digits, dashes and underscores (32 bytes as base64url); leave it out to have one generated",
  );
  checkWhole(subject, "replicas", replicas ?? 2, 1, 20);
  checkWhole(subject, "sessionHours", sessionHours ?? 12, 1, 168);
  checkWhole(subject, "timeoutSeconds", timeoutSeconds ?? 3600, 30, 86400);
  for (const [index, path] of (args.programPaths ?? []).entries()) {
    ensure(
      subject,
      `programPaths[${index}]`,
      path,
      (given) => /^\/[-\w./]*$/.test(given),
      "be the start of a path such as /api/",
    );
  }
}
