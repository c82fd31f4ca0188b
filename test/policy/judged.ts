import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { policies } from "../../policy/policies.ts";

// what the SDK itself wraps resources in; it has no types
const { unknownCheckingProxy } = jest.requireActual<{
  unknownCheckingProxy(props: object): Record<string, unknown>;
}>("@pulumi/policy/proxy");

/** What the CLI puts in place of text that is known only after an update. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource to be judged. */
export interface Judged {
  type: string;
  name?: string;
  props?: object;
  stack?: string;
  protect?: boolean;
}

const given = ({ type, name = "it", props = {}, stack = "gke", protect = false }: Judged) => ({
  type,
  name,
  urn: `urn:pulumi:${stack}::mlops-platform::${type}::${name}`,
  // as the policy SDK hands them over: to touch an unknown value throws
  props: unknownCheckingProxy(props),
  opts: { protect } as ResourceValidationArgs["opts"],
  stackTags: new Map<string, string>(),
});

/** What one policy of the pack says about resources, in the words of its messages. */
export function judged(policyName: string, resources: Judged[], config: object = {}): string[] {
  const policy = policies.find(({ name }) => name === policyName);
  if (!policy) throw new Error(`there is no policy ${policyName}`);
  const said: string[] = [];
  const report = (message: string) => void said.push(message);
  const getConfig = <T extends object>() => config as T;
  if ("validateStack" in policy) {
    const all = resources.map((resource) => given(resource) as unknown as PolicyResource);
    const args = { resources: all, getConfig, stackTags: new Map(), notApplicable: never };
    void policy.validateStack(args, report);
    return said;
  }
  const { validateResource } = policy;
  if (typeof validateResource !== "function") throw new Error(`${policyName} has no function`);
  for (const resource of resources) {
    const args = { ...given(resource), getConfig } as unknown as ResourceValidationArgs;
    void validateResource(args, report);
  }
  return said;
}

const never = (): never => {
  throw new Error("no rule calls itself not applicable");
};

/** A rule, resources, and whether one is at fault: the cases of every test of a rule. */
export function describeRule(
  policyName: string,
  cases: Record<string, [resource: Judged | Judged[], faults: string[], config?: object]>,
): void {
  describe(policyName, () => {
    test.each(Object.entries(cases))("%s", (_, [resource, faults, config]) => {
      const resources = [resource].flat();
      const said = judged(policyName, resources, config);
      expect(said).toHaveLength(faults.length);
      faults.forEach((fault, index) => expect(said[index]).toContain(fault));
    });

    test("no resource at all", () => expect(judged(policyName, [])).toEqual([]));

    test("all values of a resource are absent or unknown", () => {
      const types = Object.values(cases).flatMap(([resource]) =>
        [resource].flat().map(({ type }) => type),
      );
      for (const type of new Set(types)) {
        const spec = { metadata: unknownText, spec: unknownText, settings: unknownText };
        expect(() => judged(policyName, [{ type, props: spec }])).not.toThrow();
        expect(() => judged(policyName, [{ type, props: {} }])).not.toThrow();
      }
    });
  });
}

const workloadTypes: Record<string, string> = {
  Pod: "core/v1",
  Job: "batch/v1",
  CronJob: "batch/v1",
};

/** A workload with these containers. */
export function workload(pod: object, kind = "Deployment", metadata: object = {}): Judged {
  const type = `kubernetes:${workloadTypes[kind] ?? "apps/v1"}:${kind}`;
  const template = { spec: { template: { spec: pod } } };
  const props =
    {
      Pod: { spec: pod },
      CronJob: { spec: { jobTemplate: template } },
    }[kind] ?? template;
  return { type, name: "web", props: { metadata: { namespace: "mlops", ...metadata }, ...props } };
}

export const container = (more: object = {}) => ({ containers: [{ name: "main", ...more }] });
