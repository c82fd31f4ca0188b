import {
  offlineSettings,
  openWorkplace,
  reasonToSkipGoogle,
  type Workplace,
} from "./support/googleStack.ts";
import { changesIn, destroyAll, PulumiStack } from "./support/pulumiStack.ts";

// A regional cluster whose nodes are Google's own, with a GPU for training. Pods run in name only.

const skipped = reasonToSkipGoogle();
const suite = skipped ? describe.skip : describe;

suite(
  `GKE Autopilot through Google's real provider${skipped ? ` (skipped: ${skipped})` : ""}`,
  () => {
    jest.setTimeout(10 * 60_000);
    let place: Workplace;
    let stack: PulumiStack;
    const found = (kind: RegExp) => place.cloud.world.paths().filter((path) => kind.test(path));

    beforeAll(async () => {
      place = await openWorkplace();
      stack = new PulumiStack("autopilot", place.environment);
      const autopilot = { gkeMode: "autopilot", gkeZone: "", protectData: "false" };
      const gpu = { gkeGpu: "nvidia-l4", trainingGpu: "true" };
      stack.configure("Pulumi.gke.yaml", { ...offlineSettings(), ...autopilot, ...gpu });
      await stack.create();
    });
    afterAll(async () => {
      stack.remove();
      await place.close();
    });

    test("`up` makes a cluster without pools and without billed metrics", async () => {
      const { code, output } = await stack.up();
      expect(output).toMatch(/\+ \d+ created/);
      expect(code).toBe(0);
      const clusters = found(/\/clusters\//);
      expect(clusters).toHaveLength(1);
      const { monitoringConfig } = place.cloud.world.get(clusters[0]!);
      expect(monitoringConfig.componentConfig.enableComponents).toEqual(["SYSTEM_COMPONENTS"]);
    });

    test("a second `up` changes nothing", async () => {
      const { code, output } = await stack.up("--refresh", "--expect-no-changes", "--diff");
      expect(changesIn(output)).toEqual([]);
      expect(code).toBe(0);
    });

    test("`down` deletes all of it", async () => {
      const attempts = await destroyAll(stack, place.tools);
      expect(attempts.at(-1)!.code).toBe(0);
      expect(found(/^(?!zones\/|reserved\/)/)).toEqual([]);
      expect(place.cloud.unanswered()).toEqual([]);
    });
  },
);
