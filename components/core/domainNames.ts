import { ensure } from "./checks.ts";

/** Where the common name of a certificate ends. */
export const mostCharacters = 64;
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A registered domain or a part of one, such as `mlops.example.com`: what DNS, a certificate and a route all take. */
const isDomainName = (value: string) =>
  value.length <= mostCharacters &&
  value.includes(".") &&
  value.split(".").every((part) => label.test(part)) &&
  /[a-z]/.test(value.split(".").at(-1)!);

export const checkDomain = (subject: string, argument: string, domain: string) =>
  ensure(
    subject,
    argument,
    domain,
    isDomainName,
    `be a domain such as mlops.example.com: small letters, digits, dashes and dots, ${mostCharacters} characters at most, without scheme, port, path or wildcard`,
  );

/** One level below the domain: further down the certificate for `*.domain` is not valid. */
export const checkHostOf = (subject: string, argument: string, host: string, domain: string) =>
  ensure(
    subject,
    argument,
    host,
    (name) => isDomainName(name) && name.slice(name.indexOf(".") + 1) === domain,
    `be one label and the domain, such as mlflow.${domain}: small letters, digits and dashes, ${mostCharacters} characters at most`,
  );
