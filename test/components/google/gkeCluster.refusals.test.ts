import {
  GkeCluster,
  type GkeClusterArgs,
  GkeMachineType,
  GkeMode,
  type GkeReleaseChannel,
  GpuType,
} from "../../../components/index.ts";
import { describeRefusals } from "../../support/cases.ts";

const make = (name: string, args: GkeClusterArgs) => new GkeCluster(name, args);
const base: GkeClusterArgs = {
  project: "my-project",
  location: "europe-west3-a",
  networkId: "network-id",
  subnetworkId: "subnet-id",
  podRangeName: "pods",
  serviceRangeName: "services",
};
const subject = 'GkeCluster "gke"';

describeRefusals(make, "gke", base, [
  [
    { project: "my_project" },
    `${subject}: project must be a project's id, as \`gcloud projects list\` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`,
  ],
  [
    { location: "europe-west3a" },
    `${subject}: location must be a region or a zone of Google Cloud such as europe-west3, not "europe-west3a"`,
  ],
  [
    { mode: "auto" as GkeMode },
    `${subject}: mode must be one of standard, autopilot, not "auto"; the nearest is autopilot`,
  ],
  [
    { releaseChannel: "regular" as GkeReleaseChannel },
    `${subject}: releaseChannel must be one of RAPID, REGULAR, STABLE, not "regular"; the nearest is REGULAR`,
  ],
  [
    { machineType: "large" },
    `${subject}: machineType must be a type of machine such as e2-medium, not "large"`,
  ],
  ...(["networkId", "subnetworkId", "podRangeName", "serviceRangeName"] as const).map(
    (argument): [Partial<GkeClusterArgs>, string] => [
      { [argument]: "" },
      `${subject}: ${argument} must be given`,
    ],
  ),
  [
    { minNodes: 0 },
    `${subject}: minNodes must be a whole number from 1 to 1000, or 0 while paused is true`,
  ],
  [{ minNodes: -1, paused: true }, `${subject}: minNodes must be a whole number from 0 to 1000`],
  [{ maxNodes: 0 }, `${subject}: maxNodes must be a whole number from 1 to 1000`],
  [
    { minNodes: 4, maxNodes: 2 },
    `${subject}: minNodes must not be above maxNodes, and 4 is above 2; raise maxNodes or lower it`,
  ],
  [{ diskSizeGb: 5 }, `${subject}: diskSizeGb must be a whole number from 30 to 2000`],
  [
    { nodeAccountId: "x" },
    `${subject}: nodeAccountId must have 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`,
  ],
  [
    { authorizedNetworks: [] },
    `${subject}: authorizedNetworks must name a range at least, or no client reaches the API server; leave it out for every address`,
  ],
  [
    { authorizedNetworks: ["0.0.0.0/0"] },
    `${subject}: authorizedNetworks[0] must be a range of /8 or narrower, because this one admits nearly every address; leave the argument out to admit all`,
  ],
  [
    { authorizedNetworks: ["0.0.0.0/1", "128.0.0.0/1"] },
    [0, 1]
      .map(
        (index) =>
          `${subject}: authorizedNetworks[${index}] must be a range of /8 or narrower, because this one admits nearly every address; leave the argument out to admit all`,
      )
      .join("\n"),
  ],
  [
    { authorizedNetworks: ["203.0.113.7"] },
    `${subject}: authorizedNetworks[0] must be a range of IPv4 addresses such as 203.0.113.0/24, with no bit set after the prefix, not "203.0.113.7"`,
  ],
  [
    { labels: { "managed by": "me" } },
    `${subject}: labels: the key "managed by" must have 1 to 63 characters, a letter first, and lower-case letters, digits, hyphens and underscores only`,
  ],
]);

const gpu = { type: GpuType.L4 };
describeRefusals(make, "gke", base, [
  [
    { gpu: { type: "nvidia-l40" as GpuType } },
    `${subject}: gpu.type must be one of nvidia-l4, nvidia-tesla-t4, not "nvidia-l40"; the nearest is nvidia-l4`,
  ],
  [
    { gpu: { ...gpu, machineType: "n1-standard-4" } },
    `${subject}: gpu.machineType must be a machine that carries nvidia-l4, such as g2-standard-4, not "n1-standard-4"`,
  ],
  [
    { gpu: { type: GpuType.T4, machineType: "g2-standard-4" } },
    `${subject}: gpu.machineType must be a machine that carries nvidia-tesla-t4, such as n1-standard-4, not "g2-standard-4"`,
  ],
  [
    { gpu: { ...gpu, maxNodes: 0 } },
    `${subject}: gpu.maxNodes must be a whole number from 1 to 1000`,
  ],
  [
    { gpu: { ...gpu, diskSizeGb: 10 } },
    `${subject}: gpu.diskSizeGb must be a whole number from 30 to 2000`,
  ],
  [
    { gpu: { ...gpu, zones: ["us-central1-a"] } },
    `${subject}: gpu.zones[0] must be a zone of europe-west3, where the cluster is, and "us-central1-a" is not`,
  ],
  [
    { gpu: { ...gpu, zones: ["europe-west3"] } },
    `${subject}: gpu.zones[0] must be a zone of Google Cloud such as europe-west3-a, not "europe-west3"`,
  ],
]);

const autopilot = { ...base, location: "europe-west3", mode: GkeMode.Autopilot };
const refusedThere = (given: string) =>
  `${subject}: ${given} cannot be set with mode autopilot, which chooses nodes by what pods ask for; leave it out or set mode to standard`;
describe("Autopilot", () => {
  describeRefusals(make, "gke", autopilot, [
    [{ machineType: GkeMachineType.E2Standard2 }, refusedThere("machineType")],
    [{ minNodes: 1 }, refusedThere("minNodes")],
    [{ maxNodes: 3 }, refusedThere("maxNodes")],
    [{ diskSizeGb: 50 }, refusedThere("diskSizeGb")],
    [{ spot: false }, refusedThere("spot")],
    [{ gpu }, refusedThere("gpu")],
    [{ minNodes: 1, gpu }, `${refusedThere("minNodes")}\n${refusedThere("gpu")}`],
    [
      { location: "europe-west3-a" },
      `${subject}: location must be a region with mode autopilot, not the zone "europe-west3-a"; Autopilot clusters are regional`,
    ],
  ]);
});

describe("refuses a name that cannot become a name on Google Cloud", () => {
  test.each([
    [
      "gke_one",
      "be lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
    ],
    ["g".repeat(25), "have at most 24 characters"],
  ])("%s", (name, rule) => {
    expect(() => make(name, base)).toThrow(
      `GkeCluster "${name}": its name must ${rule}, for names at Google are made of it`,
    );
  });
});
