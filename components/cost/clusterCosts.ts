import { type Inputs, list, number, section, text } from "./inputs.ts";
import type { BillableResource, Line } from "./lines.ts";
import {
  assumed,
  attachedGpus,
  diskGb,
  e2,
  e2Families,
  e2Machines,
  gpuMachines,
  hoursPerMonth,
  kubernetesEngine,
  type MachineShape,
  spotFactor,
} from "./prices.ts";

/** Management of a cluster. Autopilot's pods and Standard's node pools are separate resources. */
export function clusterLines(_: BillableResource): Line[] {
  return [{ item: "cluster management", usd: kubernetesEngine.management * hoursPerMonth }];
}

/** The nodes that a pool keeps at the least, with their boot disks. */
export function nodePoolLines({ inputs }: BillableResource): Line[] {
  const nodes = fewestNodes(inputs);
  if (nodes === 0) return [];
  const config = section(inputs, "nodeConfig");
  const machineType = text(config, "machineType") ?? "e2-medium";
  const spot = config["spot"] === true || config["preemptible"] === true;
  const size = number(config, "diskSizeGb") ?? 100;
  const disk = text(config, "diskType") ?? "pd-balanced";
  const hourly = machineHourly(machineType);
  const gpus = gpuHourly(config);
  const lines: Line[] = [];
  if (hourly !== undefined) {
    lines.push({
      item: `${nodes} × ${machineType}${spot ? ", spot" : ""}`,
      usd: nodes * (hourly + gpus) * (spot ? spotFactor : 1) * hoursPerMonth,
    });
  }
  const priceOfDisk = diskGb[disk];
  if (priceOfDisk !== undefined) {
    lines.push({ item: `boot disks, ${nodes * size} GB`, usd: nodes * size * priceOfDisk });
  }
  return lines;
}

/** Nodes that stay when nothing runs: the autoscaler's minimum, else the fixed number, in every zone. */
function fewestNodes(inputs: Inputs): number {
  const autoscaling = section(inputs, "autoscaling");
  const total = number(autoscaling, "totalMinNodeCount");
  if (total !== undefined) return total;
  const inEachZone =
    Object.keys(autoscaling).length > 0
      ? (number(autoscaling, "minNodeCount") ?? 0)
      : (number(inputs, "nodeCount") ?? number(inputs, "initialNodeCount") ?? 1);
  return inEachZone * zones(inputs);
}

function zones(inputs: Inputs): number {
  const named = list(inputs, "nodeLocations").length;
  if (named > 0) return named;
  const location = text(inputs, "location");
  return location !== undefined && /-[a-z]$/.test(location) ? 1 : assumed.zones;
}

/** Hourly price of a machine without attached GPUs; undefined for one that the table does not know. */
export function machineHourly(type: string): number | undefined {
  const shape = e2Machines[type] ?? e2Shape(type);
  return shape ? shape.vcpu * e2.vcpu + shape.memoryGb * e2.memoryGb : gpuMachines[type];
}

function e2Shape(type: string): MachineShape | undefined {
  const parts = /^e2-(standard|highmem|highcpu)-([0-9]+)$/.exec(type);
  const memory = e2Families[parts?.[1] ?? ""];
  if (!parts || memory === undefined) return undefined;
  const vcpu = Number(parts[2]);
  return { vcpu, memoryGb: vcpu * memory };
}

function gpuHourly(config: Inputs): number {
  return list(config, "guestAccelerators").reduce<number>((sum, accelerator) => {
    const gpu = section(accelerator);
    return sum + (attachedGpus[text(gpu, "type") ?? ""] ?? 0) * (number(gpu, "count") ?? 1);
  }, 0);
}
