import * as pulumi from "@pulumi/pulumi";
import type { LoginProxyArgs } from "../loginProxy.ts";
import {
  containerResources,
  containerSecurity,
  drainBeforeStop,
  httpProbes,
  podDefaults,
  spreadOverNodes,
} from "./pods.ts";
import { versions } from "./versions.ts";

export const loginPort = 4180;
const secretsFolder = "/etc/oauth2-proxy";
/** User of the official image. */
const userId = 65532;

/** Command line of oauth2-proxy. What is confidential comes from files. */
export function loginFlags(args: LoginProxyArgs, redirectUri: string): pulumi.Input<string>[] {
  const { login, domain, programPaths = [], sessionHours = 12, timeoutSeconds = 3600 } = args;
  const flags: { [flag: string]: pulumi.Input<string> } = {
    "http-address": `0.0.0.0:${loginPort}`,
    provider: "oidc",
    "oidc-issuer-url": login.issuerUrl,
    "client-id": login.clientId,
    "client-secret-file": `${secretsFolder}/client-secret`,
    "code-challenge-method": "S256",
    "insecure-oidc-skip-nonce": "false",
    "email-domain": login.emailDomain,
    // said here, and not read from a header that a visitor may send
    "redirect-url": redirectUri,
    "skip-provider-button": "true",
    "cookie-secret-file": `${secretsFolder}/cookie-secret`,
    "cookie-name": "__Secure-mlops-login",
    "cookie-domain": `.${domain}`,
    "cookie-secure": "true",
    "cookie-httponly": "true",
    "cookie-samesite": "lax",
    "cookie-expire": `${sessionHours}h`,
    // two pages that are opened at a time log in beside each other
    "cookie-csrf-per-request": "true",
    "cookie-csrf-per-request-limit": "5",
    // else the cookie would hold tokens of the provider and be too large for some servers
    "session-cookie-minimal": "true",
    upstream: args.upstreamUrl,
    // by default an upload that takes half a minute would fail
    "upstream-timeout": `${timeoutSeconds}s`,
    // by default it would replace the password that MLflow and Grafana ask for
    "pass-basic-auth": "false",
    "pass-user-headers": "false",
    "silence-ping-logging": "true",
    // the load balancer logs requests; who logs in is logged here
    "request-logging": "false",
  };
  if (args.acceptIdTokens === true) flags["skip-jwt-bearer-tokens"] = "true";
  return [
    ...Object.entries(flags).map(([flag, value]) => pulumi.interpolate`--${flag}=${value}`),
    ...programPaths.map((path) => `--api-route=^${path.replaceAll(".", "\\.")}`),
  ];
}

/** What differs between the pods of two proxies, besides their arguments. */
interface LoginPodParts {
  flags: pulumi.Input<string>[];
  secretName: pulumi.Input<string>;
  serviceAccountName: pulumi.Input<string>;
  selector: { [key: string]: string };
}

/** Pod of oauth2-proxy. It writes nothing, and has nothing but its two secrets. */
export function loginPod(args: LoginProxyArgs, parts: LoginPodParts) {
  const ping = "/ping";
  return {
    ...podDefaults(userId, parts.serviceAccountName),
    topologySpreadConstraints: spreadOverNodes(parts.selector),
    containers: [
      {
        name: "oauth2-proxy",
        image: args.image ?? versions.oauth2Proxy,
        args: parts.flags,
        ports: [{ name: "http", containerPort: loginPort }],
        ...httpProbes({ startup: ping, readiness: ping, liveness: ping }),
        lifecycle: drainBeforeStop,
        resources: containerResources(
          { cpuRequest: "20m", cpuLimit: "500m", memoryRequest: "32Mi", memoryLimit: "128Mi" },
          args.resources,
        ),
        securityContext: containerSecurity,
        volumeMounts: [{ name: "secrets", mountPath: secretsFolder, readOnly: true }],
      },
    ],
    volumes: [{ name: "secrets", secret: { secretName: parts.secretName, defaultMode: 0o440 } }],
  };
}
