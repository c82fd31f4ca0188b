import { must } from "./checks.ts";

/** Where the common name of a certificate ends. */
export const mostCharacters = 64;
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A registered domain or a part of one, such as `mlops.example.com`: what DNS, a certificate and a route all take. */
export const isDomainName = (value: string) =>
  typeof value === "string" &&
  value.length <= mostCharacters &&
  value.includes(".") &&
  value.split(".").every((part) => label.test(part)) &&
  /[a-z]/.test(value.split(".").at(-1)!);

export const domainName = must(
  `be a domain such as mlops.example.com: lower-case letters, digits, dashes and dots, at most ${mostCharacters} characters, without scheme, port, path or wildcard`,
  isDomainName,
);

/** One level below the domain: further down the certificate for `*.domain` is not valid. */
export const hostOf = (domain: string) =>
  must<string>(
    `be one label and the domain, such as mlflow.${domain}: lower-case letters, digits and dashes, at most ${mostCharacters} characters`,
    (name) => isDomainName(name) && name.slice(name.indexOf(".") + 1) === domain,
  );
