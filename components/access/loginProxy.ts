import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedCookieSecret, withSecret } from "../core/secrets.ts";
import { internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { disruptionBudget } from "../kubernetes/httpWorkload.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { pausedReplicas } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { checkLoginProxy, type LoginProxyArgs } from "./arguments.ts";
import { configFile, loginConfig, loginFlags, loginPod, loginPort } from "./loginPods.ts";

/**
 * An oauth2-proxy login in front of one Service: only people with an account at an OpenID Connect provider and an
 * e-mail address in the right domain get through. One login covers every host of the domain that shares its cookie
 * secret.
 */
export class LoginProxy extends pulumi.ComponentResource {
  /** URL that a gateway inside the cluster uses. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people use. */
  public readonly externalUrl: pulumi.Output<string>;
  /** Redirect URI to register with the provider. */
  public readonly redirectUri: pulumi.Output<string>;

  constructor(name: string, args: LoginProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`LoginProxy "${name}"`, args, checkLoginProxy);
    super("mlops:index:LoginProxy", name, withSecret(args, "login", "cookieSecret"), opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const replicas = args.replicas ?? 2;
    // by its own name, so that a network policy can select the proxy of one host
    const metadata = metadataFor(serviceName, serviceName, args);
    const selector = selectorLabels(serviceName, serviceName);
    const secrets = new k8s.core.v1.Secret(
      `${name}-secrets`,
      {
        metadata: metadata(),
        immutable: true,
        stringData: {
          [configFile]: loginConfig(args),
          ...(args.secretName === undefined && {
            "client-secret": pulumi.secret(args.login.clientSecret ?? ""),
            "cookie-secret": pulumi.secret(
              args.cookieSecret ?? generatedCookieSecret(`${name}-cookie-secret`, child),
            ),
          }),
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
    this.registerOutputs(outputsOf(this));
  }
}
