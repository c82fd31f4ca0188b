import { containerName, containersOf } from "../pods.ts";
import type { ResourceRule } from "../rule.ts";
import { at, objectsAt, textsAt } from "../values.ts";

const settings = /(ALLOWED_HOSTS|ALLOWED_ORIGINS|CORS_ORIGINS)$/i;
const flags = /^--(?:allowed-hosts|cors-allowed-origins|allowed-origins)(?:=(.*))?$/;

export const wildcardHosts: ResourceRule = {
  name: "wildcard-hosts",
  description: "Servers and gateways name the hosts they answer for; none is a wildcard.",
  level: "mandatory",
  check(resource) {
    const faults = containersOf(resource).flatMap((container) =>
      [...variables(container), ...arguments_(container)]
        .filter(([, value]) => hostsOf(value).some(isWildcard))
        .map(
          ([name]) =>
            `${name} of ${containerName(container)} is a wildcard, so that any web page may speak to it; name the hosts`,
        ),
    );
    return [...faults, ...routeFaults(resource.type, resource.values)];
  },
};

function variables(container: unknown): (readonly [string, string])[] {
  return objectsAt(container, "env").flatMap((variable) => {
    const [name, value] = [at(variable, "name"), at(variable, "value")];
    const isSetting = typeof name === "string" && settings.test(name);
    return isSetting && typeof value === "string" ? [[name, value] as const] : [];
  });
}

function arguments_(container: unknown): (readonly [string, string])[] {
  const words = [...textsAt(container, "command"), ...textsAt(container, "args")];
  return words.flatMap((word, index) => {
    const found = flags.exec(word);
    return found ? [[word.split("=")[0]!, found[1] ?? words[index + 1] ?? ""] as const] : [];
  });
}

function routeFaults(type: string, values: unknown): string[] {
  if (!/^kubernetes:gateway\.networking\.k8s\.io\/[^:]+:(Gateway|HTTPRoute)$/.test(type)) return [];
  const names = [
    ...textsAt(values, "spec", "hostnames"),
    ...objectsAt(values, "spec", "listeners").map((listener) => String(at(listener, "hostname"))),
  ];
  return names
    .filter((name) => name.startsWith("*"))
    .map((name) => `answers for ${name}; name the hosts`);
}

const hostsOf = (value: string): string[] => value.split(",").map((host) => host.trim());

/** `*`, `*.example.org` or `https://*`; a port that is a wildcard lets nobody in. */
const isWildcard = (host: string): boolean => /^([a-z]+:\/\/)?\*/.test(host);
