// The command line reads these sets too: nothing here may import a provider.

/** Who looks after the nodes of a cluster. */
export const GkeMode = {
  /** Your own node pools, billed per node. All Kubernetes features work. */
  Standard: "standard",
  /** Google creates nodes as pods need them, billed by pod requests. Pods cannot access the host. */
  Autopilot: "autopilot",
} as const;
export type GkeMode = (typeof GkeMode)[keyof typeof GkeMode];

/** Machines that a node pool can be made of. The smaller ones have too little memory for a platform. */
export const GkeMachineType = {
  /** 2 vCPU that are shared (1 lasting), 4 GiB. */
  E2Medium: "e2-medium",
  /** 2 vCPU, 8 GiB. */
  E2Standard2: "e2-standard-2",
  /** 4 vCPU, 16 GiB. */
  E2Standard4: "e2-standard-4",
  /** 8 vCPU, 32 GiB. */
  E2Standard8: "e2-standard-8",
  /** 16 vCPU, 64 GiB. */
  E2Standard16: "e2-standard-16",
  /** 2 vCPU, 16 GiB. */
  E2Highmem2: "e2-highmem-2",
  /** 4 vCPU, 32 GiB. */
  E2Highmem4: "e2-highmem-4",
  /** 8 vCPU, 64 GiB. */
  E2Highmem8: "e2-highmem-8",
  /** 4 vCPU, 4 GiB. */
  E2Highcpu4: "e2-highcpu-4",
  /** 8 vCPU, 8 GiB. */
  E2Highcpu8: "e2-highcpu-8",
} as const;
export type GkeMachineType = (typeof GkeMachineType)[keyof typeof GkeMachineType];

/** How soon a cluster gets new versions of Kubernetes. */
export const GkeReleaseChannel = {
  /** As soon as they are released; not for production. */
  Rapid: "RAPID",
  /** After two to three months in the rapid channel. */
  Regular: "REGULAR",
  /** After another two to three months. */
  Stable: "STABLE",
} as const;
export type GkeReleaseChannel = (typeof GkeReleaseChannel)[keyof typeof GkeReleaseChannel];

/** Graphics processors for training. */
export const GpuType = {
  /** NVIDIA L4, 24 GB: machines g2-standard-*. */
  L4: "nvidia-l4",
  /** NVIDIA T4, 16 GB: machines n1-standard-*. */
  T4: "nvidia-tesla-t4",
} as const;
export type GpuType = (typeof GpuType)[keyof typeof GpuType];

/** The machines that carry a type of GPU, and how many of it each has. The first one is the default. */
export const gpuMachines: {
  readonly [Type in GpuType]: readonly (readonly [machineType: string, gpus: number])[];
} = {
  "nvidia-l4": [
    ["g2-standard-4", 1],
    ["g2-standard-8", 1],
    ["g2-standard-12", 1],
    ["g2-standard-16", 1],
    ["g2-standard-32", 1],
    ["g2-standard-24", 2],
    ["g2-standard-48", 4],
    ["g2-standard-96", 8],
  ],
  "nvidia-tesla-t4": [
    ["n1-standard-4", 1],
    ["n1-standard-8", 1],
    ["n1-standard-16", 1],
    ["n1-standard-32", 1],
  ],
};
