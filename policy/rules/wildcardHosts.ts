import { chartValues } from "../helm.ts";
import { containerName, containersOf, flagsOf, variablesOf } from "../podSpecs.ts";
import type { ResourceRule, SeenResource } from "../rule.ts";
import { at, objectsAt, textsAt, textsIn } from "../values.ts";

/** Settings that list hosts or origins, in any spelling: ALLOWED_HOSTS, --allowed-hosts, allowedHosts. */
const settings =
  /(allowed?|trusted|cors|csrf)_?(allow(ed)?_?)?(trusted_?)?(host(name)?s?|origins?)(_?(list|regex|patterns?))?$/i;
const nameOf = (name: string) => name.replace(/^--?/, "").replaceAll(/[-.]/g, "_");

export const wildcardHosts: ResourceRule = {
  name: "wildcard-hosts",
  description: "Servers and gateways name the hosts they answer for; none is a wildcard.",
  level: "mandatory",
  check(resource) {
    const named = [
      ...containersOf(resource).flatMap((container) =>
        [...variablesOf(container), ...flagsOf(container)].map(
          ([name, value]) => [name, value, `${name} of ${containerName(container)}`] as const,
        ),
      ),
      ...[...textsIn(chartValues(resource))].map(
        ([path, text]) => [path.at(-1) ?? "", text, `values.${path.join(".")}`] as const,
      ),
    ];
    const faults = named
      .filter(([name, value]) => settings.test(nameOf(name)) && hostsOf(value).some(isWildcard))
      .map(
        ([, , what]) =>
          `${what} has a wildcard, so that pages of other hosts may call it; name the hosts`,
      );
    return [...faults, ...routeFaults(resource)];
  },
};

function routeFaults({ type, values }: SeenResource): string[] {
  if (
    !/^kubernetes:(gateway\.)?networking\.k8s\.io\/[^:]+:(Gateway|HTTPRoute|Ingress)$/.test(type)
  ) {
    return [];
  }
  const names = [
    ...textsAt(values, "spec", "hostnames"),
    ...objectsAt(values, "spec", "listeners").map((listener) => at(listener, "hostname")),
    ...objectsAt(values, "spec", "rules").map((rule) => at(rule, "host")),
  ];
  return names
    .filter((name) => typeof name === "string" && isWildcard(name))
    .map((name) => `answers for ${String(name)}; name the hosts`);
}

/** A list, whether written with commas, spaces or as JSON. */
const hostsOf = (value: string): string[] => value.split(/[\s,;|"'\][]+/).filter(Boolean);

/** `10.0.0.0/8`, `fd00::/8`, `10.0.0.0-10.0.0.255` and the beginning `10.` of addresses. */
const addressRange = /^([\d.]+\/\d+|[\da-f:]*:[\da-f:]*\/\d+|(\d+\.){3}\d+-[\d.]+|(\d+\.){1,3})$/i;

/** `*`, `10.*`, `*.example.org`, `https://*`, `.example.org`, `^10\\..+$`; only a port may be a wildcard. */
const isWildcard = (host: string): boolean => {
  const name = host.replace(/^[a-z*]+:\/\//i, "").replace(/:[\d*]+$/, "");
  return (
    /[*?+^\\]/.test(name) ||
    name.startsWith(".") ||
    addressRange.test(name) ||
    /^\*+:\/\//.test(host)
  );
};
