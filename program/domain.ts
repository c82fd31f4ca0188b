import * as pulumi from "@pulumi/pulumi";
import {
  DomainCertificate,
  exposedHostNames,
  type OidcLogin,
  type PlatformExposure,
} from "../components/index.ts";
import type { PlatformConfig } from "./settings.ts";
import type { GoogleCloud } from "./google.ts";

/** The names under which people reach the platform over HTTPS. */
export interface PublicDomain {
  readonly exposure?: PlatformExposure;
  readonly dnsRecords?: DomainCertificate["dnsRecords"];
}

/** An address and a certificate for the stack's domain, or nothing where it has none. */
export function publicDomain(config: PlatformConfig, google?: GoogleCloud): PublicDomain {
  const { domain, dnsZone } = config;
  if (domain === undefined || google === undefined) return {};
  const login = oidcLogin(config);
  const certificate = new DomainCertificate(
    "mlops-domain",
    { project: google.project, domain, hostNames: exposedHostNames(domain, login), dnsZone },
    google.options,
  );
  const { addressName, certificateMapName, sslPolicyName, dnsRecords } = certificate;
  return {
    exposure: { domain, addressName, certificateMapName, sslPolicyName, login },
    dnsRecords,
  };
}

/** All of its settings are given, or none. */
function oidcLogin(config: PlatformConfig): OidcLogin | undefined {
  const { oidcIssuerUrl, oidcClientId, oidcClientSecret, oidcEmailDomain } = config;
  if (oidcIssuerUrl === undefined) return undefined;
  return {
    issuerUrl: oidcIssuerUrl,
    clientId: oidcClientId!,
    clientSecret: pulumi.secret(oidcClientSecret!),
    emailDomain: oidcEmailDomain!,
    requireVerifiedEmail: config.oidcRequireVerifiedEmail,
  };
}
