import { chartValues } from "../helm.ts";
import type { ResourceRule, SeenResource } from "../rule.ts";
import { at, textsAt, textsIn, type Values } from "../values.ts";

const openTypes = ["NodePort", "LoadBalancer"];

export const openService: ResourceRule = {
  name: "open-service",
  description: "No Service opens a node port, except on a local cluster.",
  level: "mandatory",
  configSchema: {
    properties: {
      localStacks: {
        type: "array",
        items: { type: "string" },
        description: "Stacks on a local cluster, whose node ports others cannot reach.",
        default: [],
      },
    },
  },
  check: (resource, config) =>
    isLocal(resource, config)
      ? []
      : [...serviceFaults(resource), ...chartFaults(resource)].map(
          (what) =>
            `${what}, past the gateway and its login, over plain HTTP; set its node port to 0 (a domain opens it over HTTPS), or name the stack in localStacks`,
        ),
};

function serviceFaults({ type, values }: SeenResource): string[] {
  if (!/^kubernetes:core\/v1:Service$/.test(type)) return [];
  const kind = at(values, "spec", "type");
  const addresses = textsAt(values, "spec", "externalIPs");
  return [
    ...(openTypes.includes(String(kind)) ? [`opens a ${String(kind)}`] : []),
    ...(addresses.length > 0 ? [`answers at externalIPs ${addresses.join(", ")}`] : []),
  ];
}

const chartFaults = (resource: SeenResource): string[] =>
  [...textsIn(chartValues(resource))]
    .filter(([path, text]) => path.at(-1) === "type" && openTypes.includes(text))
    .map(([path, text]) => `opens a ${text} (values.${path.join(".")})`);

function isLocal({ stack }: SeenResource, config: Values): boolean {
  return textsAt(config, "localStacks").includes(stack);
}
