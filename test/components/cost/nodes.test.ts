import { monthlyCostUsd } from "../../../components/cost/index.ts";
import { HOURS, pool } from "./resources.ts";

describe("nodes", () => {
  const standard2 = (2 * 0.02181159 + 8 * 0.00292353) * HOURS; // 48.92

  test.each<[string, object, number]>([
    ["Google's default in one zone", { location: "us-central1-a", nodeCount: 1 }, 24.46 + 10],
    ["no number: one in each zone", { location: "us-central1" }, 3 * (24.46 + 10)],
    [
      "the minimum of an autoscaler in three zones",
      {
        location: "us-central1",
        autoscaling: { minNodeCount: 1, maxNodeCount: 4 },
        nodeConfig: { machineType: "e2-standard-2", diskSizeGb: 50, diskType: "pd-standard" },
      },
      3 * (standard2 + 50 * 0.04),
    ],
    [
      "named zones",
      {
        location: "us-central1",
        nodeLocations: ["us-central1-a", "us-central1-b"],
        nodeCount: 2,
        nodeConfig: { machineType: "e2-highmem-4", diskSizeGb: 20 },
      },
      4 * ((4 * 0.02181159 + 32 * 0.00292353) * HOURS + 20 * 0.1),
    ],
    [
      "a total for all zones",
      {
        location: "us-central1",
        autoscaling: { totalMinNodeCount: 2 },
        nodeConfig: { machineType: "e2-small", diskSizeGb: 10 },
      },
      2 * (12.23 + 1),
    ],
    [
      "spot machines, with disks at the full price",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: { machineType: "e2-standard-2", spot: true, diskSizeGb: 100 },
      },
      standard2 * 0.4 + 10,
    ],
    [
      "one node with an L4",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: {
          machineType: "g2-standard-4",
          diskSizeGb: 100,
          guestAccelerators: [{ type: "nvidia-l4", count: 1 }],
        },
      },
      515.99 + 10,
    ],
    [
      "one node with a T4",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: {
          machineType: "n1-standard-4",
          diskSizeGb: 100,
          guestAccelerators: [{ type: "nvidia-tesla-t4", count: 1 }],
        },
      },
      // less the discount for machines that run all month
      (0.19 + 0.35) * 0.7 * HOURS + 10,
    ],
    [
      "the largest machine with L4s",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: {
          machineType: "g2-standard-96",
          guestAccelerators: [{ type: "nvidia-l4", count: 8 }],
        },
      },
      8.0030544 * HOURS + 10,
    ],
    [
      "an empty pool with a GPU",
      {
        location: "us-central1",
        autoscaling: { minNodeCount: 0, maxNodeCount: 1 },
        nodeConfig: { machineType: "g2-standard-4" },
      },
      0,
    ],
    ["a paused pool", { location: "us-central1", nodeCount: 0 }, 0],
    [
      "a machine of tomorrow: its disk only",
      { location: "us-central1-a", nodeCount: 1, nodeConfig: { machineType: "e9-mega-1" } },
      10,
    ],
  ])("%s", (_, inputs, expected) => {
    expect(monthlyCostUsd([pool(inputs)])).toBeCloseTo(expected, 1);
  });
});
