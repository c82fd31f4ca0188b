import { dataUrns } from "../../cli/pulumiEngine.ts";
import {
  offlineSettings,
  openWorkplace,
  reasonToSkipGoogle,
  type Workplace,
} from "./support/googleStack.ts";
import { PulumiStack } from "./support/pulumiStack.ts";

// What `npm run down -- --keep-data` leaves of a stack whose cluster the program makes, and what finds it again.

const skipped = reasonToSkipGoogle();
const suite = skipped ? describe.skip : describe;

suite(`data that outlives its cluster${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(10 * 60_000);
  let place: Workplace;
  let stack: PulumiStack;
  const found = (kind: RegExp) => place.cloud.world.paths().filter((path) => kind.test(path));
  const data = () => [
    ...found(/^b\/[^/]+$/),
    ...found(/\/instances\/[^/]+(\/databases\/mlflow.*)?$/),
  ];
  const clusters = () => found(/\/clusters\/[^/]+$/);

  beforeAll(async () => {
    place = await openWorkplace();
    stack = new PulumiStack("gke", place.environment);
    stack.configure("Pulumi.gke.yaml", { ...offlineSettings(), protectData: "false" });
    await stack.create();
  });
  afterAll(async () => {
    stack.remove();
    await place.close();
  });

  test("the cluster is deleted, and Cloud SQL with its databases and the bucket stay", async () => {
    expect((await stack.up()).code).toBe(0);
    expect(clusters()).toHaveLength(1);
    const before = data();
    expect(before.length).toBeGreaterThanOrEqual(3);

    const excludes = dataUrns(await stack.state()).flatMap((urn) => ["--exclude", urn]);
    const { code, output } = await stack.run(
      "destroy",
      "--yes",
      "--suppress-progress",
      ...excludes,
    );
    expect(output).not.toMatch(/error:/);
    expect(code).toBe(0);
    expect(clusters()).toEqual([]);
    expect(data()).toEqual(before);
  });

  test("the next `up` finds them again", async () => {
    const before = data();
    const { code } = await stack.up();
    expect(code).toBe(0);
    expect(clusters()).toHaveLength(1);
    expect(data()).toEqual(before);
  });
});
