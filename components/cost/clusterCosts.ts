import { type Inputs, list, number, section, text } from "./inputs.ts";
import type { BillableResource, Line } from "./lines.ts";
import {
  assumed,
  attachedGpus,
  diskGb,
  hoursPerMonth,
  kubernetesEngine,
  sharedCores,
  spotFactor,
  sustainedUse,
  vcpuWithMemory,
} from "./prices.ts";

/** Management of a cluster, and the pools in it. Autopilot's pods and other node pools are separate resources. */
export function clusterLines({ inputs, ...cluster }: BillableResource): Line[] {
  const { location, initialNodeCount, removeDefaultNodePool } = inputs;
  const hasFirst = initialNodeCount !== undefined && removeDefaultNodePool !== true;
  const pools = list(inputs, "nodePools").map((pool) => ({ location, ...section(pool) }));
  return [
    { item: "cluster management", usd: kubernetesEngine.management * hoursPerMonth },
    ...(hasFirst ? [inputs, ...pools] : pools).flatMap((pool) =>
      nodePoolLines({ ...cluster, inputs: pool }),
    ),
  ];
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
  const gpus = list(config, "guestAccelerators").map((gpu) => text(section(gpu), "type"));
  const machine = [machineType, ...gpus].join(" with ");
  return [
    {
      item: `${nodes} × ${machine}${spot ? ", spot" : ""}`,
      usd: nodes * nodeHourly(machineType, config, spot) * hoursPerMonth,
    },
    {
      item: `boot disks, ${nodes * size} GB of ${disk}`,
      usd: nodes * size * (diskGb[disk] ?? NaN),
    },
  ];
}

/** A machine that runs all month, with its GPUs; not a number where the table does not know one of them. */
function nodeHourly(machineType: string, config: Inputs, spot: boolean): number {
  const [machine, gpus] = [machineHourly(machineType), gpuHourly(config)];
  const isN1 = machineType.startsWith("n1-");
  if (spot) return machine * (isN1 ? spotFactor.n1 : spotFactor.others) + gpus * spotFactor.others;
  return (machine + gpus) * (isN1 ? sustainedUse : 1);
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

/** Hourly price of a machine without its GPUs. */
function machineHourly(type: string): number {
  const share = sharedCores[type];
  if (share !== undefined) return share * vcpuWithMemory["e2-standard"]!;
  const parts = /^(.+)-([0-9]+)$/.exec(type);
  return Number(parts?.[2]) * (vcpuWithMemory[parts?.[1] ?? ""] ?? NaN);
}

const gpuHourly = (config: Inputs): number =>
  list(config, "guestAccelerators").reduce<number>((sum, accelerator) => {
    const gpu = section(accelerator);
    return sum + (attachedGpus[text(gpu, "type") ?? ""] ?? NaN) * (number(gpu, "count") ?? 1);
  }, 0);
