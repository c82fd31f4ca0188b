import * as pulumi from "@pulumi/pulumi";
import { versions } from "../core/versions.ts";
import {
  containerResources,
  containerSecurity,
  drainBeforeStop,
  httpProbes,
  podSpec,
  spreadOverNodes,
} from "../kubernetes/pods.ts";
import type { LoginProxyArgs } from "./arguments.ts";

export const loginPort = 4180;
const secretsFolder = "/etc/oauth2-proxy";
/** User of the official image. */
const userId = 65532;

/** Command line of oauth2-proxy: allowed accounts, and the session. Confidential values come from files. */
export function loginFlags(args: LoginProxyArgs, redirectUri: string): string[] {
  const { login, domain, programPaths = [], sessionHours = 12 } = args;
  const flags: { [flag: string]: string } = {
    "alpha-config": `${secretsFolder}/${configFile}`,
    "email-domain": login.emailDomain,
    // set here, and not read from a header that a visitor may send
    "redirect-url": redirectUri,
    "skip-provider-button": "true",
    "cookie-secret-file": `${secretsFolder}/cookie-secret`,
    "cookie-name": "__Secure-mlops-login",
    "cookie-domain": `.${domain}`,
    "cookie-secure": "true",
    "cookie-httponly": "true",
    "cookie-samesite": "lax",
    "cookie-expire": `${sessionHours}h`,
    // two pages that are opened at the same time can both log in
    "cookie-csrf-per-request": "true",
    "cookie-csrf-per-request-limit": "5",
    // else the cookie would hold tokens of the provider and be too large for some servers
    "session-cookie-minimal": "true",
    "silence-ping-logging": "true",
    // the load balancer logs requests; who logs in is logged here
    "request-logging": "false",
  };
  if (args.acceptIdTokens === true) flags["skip-jwt-bearer-tokens"] = "true";
  return [
    ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    ...programPaths.map((path) => `--api-route=^${path.replaceAll(".", "\\.")}`),
  ];
}

/** Name of the file that holds what oauth2-proxy has no flags for, and what must stand with it. */
export const configFile = "oauth2-proxy.yaml";

/** Content of that file: the provider, and what is passed on to whom. JSON is YAML. */
export function loginConfig(args: LoginProxyArgs): pulumi.Output<string> {
  const { login, forwardCredentials = false } = args;
  const { requireVerifiedEmail = true } = login;
  const config = {
    server: { bindAddress: `0.0.0.0:${loginPort}` },
    providers: [
      {
        id: "oidc",
        provider: "oidc",
        clientID: login.clientId,
        clientSecretFile: `${secretsFolder}/client-secret`,
        code_challenge_method: "S256",
        scope: "openid email profile",
        oidcConfig: {
          issuerURL: login.issuerUrl,
          insecureSkipNonce: false,
          ...(requireVerifiedEmail ? { groupsClaim: "email_verified" } : {}),
        },
        // by default oauth2-proxy takes an address without that claim for a verified one
        ...(requireVerifiedEmail ? { allowedGroups: ["true"] } : {}),
      },
    ],
    upstreamConfig: { upstreams: upstreams(args) },
    // a header without values is removed
    injectRequestHeaders: forwardCredentials ? [] : [{ name: "Cookie" }, { name: "Authorization" }],
  };
  // oauth2-proxy expands environment variables after a dollar sign
  return pulumi.jsonStringify(config).apply((text) => text.replaceAll("$", "\\u0024"));
}

function upstreams({ upstreamUrls, timeoutSeconds = 3600 }: LoginProxyArgs) {
  return Object.entries(upstreamUrls).map(([path, uri]) => ({
    id: path,
    ...(path === "/" ? { path } : { path: `^${path}(.*)$`, rewriteTarget: "/$1" }),
    uri,
    // by default an upload that takes half a minute would fail
    timeout: `${timeoutSeconds}s`,
  }));
}

/** What differs between the pods of two proxies, in addition to their arguments. */
interface LoginPodParts {
  flags: string[];
  secretName: pulumi.Input<string>;
  serviceAccountName: pulumi.Input<string>;
  selector: { [key: string]: string };
}

/** Pod of oauth2-proxy. It writes nothing, and mounts only its two secrets. */
export function loginPod(args: LoginProxyArgs, parts: LoginPodParts) {
  const ping = "/ping";
  return podSpec(userId, parts.serviceAccountName, args, {
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
    volumes: [{ name: "secrets", ...secretFiles(parts.secretName, args.secretName) }],
  });
}

/** The files of both Secrets in one folder, or of the one that has all of them. */
function secretFiles(own: pulumi.Input<string>, existing: pulumi.Input<string> | undefined) {
  const defaultMode = 0o440;
  if (existing === undefined) return { secret: { secretName: own, defaultMode } };
  const items = ["client-secret", "cookie-secret"].map((key) => ({ key, path: key }));
  const sources = [{ secret: { name: own } }, { secret: { name: existing, items } }];
  return { projected: { sources, defaultMode } };
}
