import { mayReachNode, nodeAccessSchema } from "../nodeAccess.ts";
import { containerName, containersOf, podSpec } from "../podSpecs.ts";
import type { ResourceRule } from "../rule.ts";
import { at, mayBe, textsAt, unknown, type Values } from "../values.ts";

/** Pod Security `restricted`, and in addition no API token and a read-only root file system. */
export const restrictedPods: ResourceRule = {
  name: "restricted-pods",
  description: "Pods run without root, privileges, a writable root or a token of the API server.",
  level: "mandatory",
  configSchema: { properties: { ...nodeAccessSchema.properties } },
  check(resource, config) {
    const spec = podSpec(resource);
    if (spec === undefined || mayReachNode(resource, config)) return [];
    const hasToken = !mayBe(at(spec, "automountServiceAccountToken"), false);
    return [
      ...(hasToken
        ? ["gets a token of the API server; set automountServiceAccountToken to false"]
        : []),
      ...containersOf(resource).flatMap((container) => {
        const missing = missingIn(container, spec);
        return missing.length === 0
          ? []
          : [`${containerName(container)} needs ${missing.join(", ")} in its securityContext`];
      }),
    ];
  },
};

/** What a container's securityContext lacks; the pod's counts where Kubernetes applies it. */
function missingIn(container: Values, spec: Values): string[] {
  const own = at(container, "securityContext");
  const either = (...path: string[]) => at(own, ...path) ?? at(spec, "securityContext", ...path);
  const capabilities = at(own, "capabilities");
  const isHeld = (list: string) => at(capabilities, list) === unknown;
  const added = textsAt(capabilities, "add").filter((name) => name !== "NET_BIND_SERVICE");
  const seccomp = either("seccompProfile", "type");
  const rules: (readonly [isKept: boolean, rule: string])[] = [
    [mayBe(either("runAsNonRoot"), true), "runAsNonRoot: true"],
    [String(either("runAsUser")) !== "0", "a runAsUser that is not 0"],
    [mayBe(at(own, "allowPrivilegeEscalation"), false), "allowPrivilegeEscalation: false"],
    [mayBe(at(own, "readOnlyRootFilesystem"), true), "readOnlyRootFilesystem: true"],
    [isHeld("drop") || textsAt(capabilities, "drop").includes("ALL"), "capabilities.drop: [ALL]"],
    [added.length === 0, `no capabilities.add (${added.join(", ")})`],
    [mayBe(seccomp, "RuntimeDefault") || seccomp === "Localhost", "seccompProfile RuntimeDefault"],
  ];
  return rules.filter(([isKept]) => !isKept).map(([, rule]) => rule);
}
