import { gigabytes, type Inputs, list, number, quantity, section, text } from "./inputs.ts";
import type { BillableResource, Line, Surroundings } from "./lines.ts";
import { assumed, hoursPerMonth, kubernetesEngine } from "./prices.ts";

interface Requests {
  vcpu: number;
  memoryGb: number;
}

/** Pods of a Deployment or StatefulSet on Autopilot, which charges for what they request. */
export function workloadLines(
  { inputs }: BillableResource,
  { autopilot, fewestPods }: Surroundings,
): Line[] {
  if (!autopilot) return [];
  const spec = section(inputs, "spec");
  const name = text(section(inputs, "metadata"), "name") ?? "";
  const pods = number(spec, "replicas") ?? fewestPods[name] ?? 1;
  return podLines(pods, podRequests(section(spec, "template", "spec")));
}

/**
 * Pods of a chart on Autopilot, as far as its values tell: every `resources.requests` is one container, taken as often as the
 * `replicas` or `replicaCount` next to it; what is switched off by `enabled: false` has none.
 */
export function releaseLines({ inputs }: BillableResource, { autopilot }: Surroundings): Line[] {
  if (!autopilot) return [];
  const requests: Requests = { vcpu: 0, memoryGb: 0 };
  let pods = 0;
  for (const part of partsOf(section(inputs, "values"))) {
    const container = section(part, "resources", "requests");
    if (Object.keys(container).length === 0) continue;
    const replicas = number(part, "replicas") ?? number(part, "replicaCount") ?? 1;
    const one = billed(containerRequests(container));
    pods += replicas;
    requests.vcpu += replicas * one.vcpu;
    requests.memoryGb += replicas * one.memoryGb;
  }
  return pods === 0 ? [] : [requestsLine(pods, requests)];
}

function podLines(pods: number, requests: Requests): Line[] {
  if (pods === 0) return [];
  const one = billed(requests);
  return [requestsLine(pods, { vcpu: pods * one.vcpu, memoryGb: pods * one.memoryGb })];
}

function requestsLine(pods: number, { vcpu, memoryGb }: Requests): Line {
  const price = kubernetesEngine.autopilot;
  const scratch = pods * assumed.autopilotStorageGb;
  const hourly = vcpu * price.vcpu + memoryGb * price.memoryGb + scratch * price.storageGb;
  const size = `${round(vcpu)} vCPU, ${round(memoryGb)} GB`;
  return { item: `${pods === 1 ? "pod" : `${pods} pods`}, ${size}`, usd: hourly * hoursPerMonth };
}

/** What the scheduler counts for a pod: containers and sidecars together, or the largest init container. */
function podRequests(spec: Inputs): Requests {
  const inits = list(spec, "initContainers").map((container) => section(container));
  const sidecars = inits.filter((container) => container["restartPolicy"] === "Always");
  const containers = list(spec, "containers").map((container) => section(container));
  const together = [...containers, ...sidecars]
    .map((container) => containerRequests(section(container, "resources", "requests")))
    .reduce(sum, { vcpu: 0, memoryGb: 0 });
  return inits
    .filter((container) => container["restartPolicy"] !== "Always")
    .map((container) => containerRequests(section(container, "resources", "requests")))
    .reduce(largest, together);
}

function containerRequests(requests: Inputs): Requests {
  return {
    vcpu: quantity(requests["cpu"]) ?? assumed.autopilotVcpu,
    memoryGb: gigabytes(requests["memory"]) ?? assumed.autopilotMemoryGb,
  };
}

/** Autopilot raises requests to 50m and 52Mi, and to between 1 and 6.5 GB for a vCPU. */
function billed({ vcpu, memoryGb }: Requests): Requests {
  const raised = Math.max(vcpu, 0.05, memoryGb / 6.5);
  return { vcpu: raised, memoryGb: Math.max(memoryGb, 52 / 1024, raised) };
}

/** Every object inside the values of a chart, itself included, that is not switched off. */
function* partsOf(values: Inputs): Generator<Inputs> {
  if (values["enabled"] === false) return;
  yield values;
  for (const key of Object.keys(values)) yield* partsOf(sectionOrNone(values[key]));
}

const sectionOrNone = (value: unknown): Inputs => section({ value }, "value");
const sum = (a: Requests, b: Requests): Requests => ({
  vcpu: a.vcpu + b.vcpu,
  memoryGb: a.memoryGb + b.memoryGb,
});
const largest = (a: Requests, b: Requests): Requests => ({
  vcpu: Math.max(a.vcpu, b.vcpu),
  memoryGb: Math.max(a.memoryGb, b.memoryGb),
});
const round = (value: number): number => Math.round(value * 100) / 100;
