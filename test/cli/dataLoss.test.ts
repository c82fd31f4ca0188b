import { refuseToLoseData } from "../../cli/dataLoss.ts";
import { runProgram } from "../support/program.ts";
import type { Recorded } from "../support/recorder.ts";

const declared = async (settings: object = {}) => (await runProgram({ ...settings })).resources;
const stateOf = (resources: readonly Recorded[]) => JSON.stringify({ resources });

const google = { dataStores: "gcp", gcpProject: "mlops-test", gcpRegion: "europe-west1" };
const stores = "postgres-data, mlops-artifacts-data";

describe("`up` of a stack that has data", () => {
  let deployed: string;
  beforeAll(async () => (deployed = stateOf(await declared())));

  test.each([
    ["the same settings", {}],
    ["larger volumes", { artifactStorageSize: "30Gi" }],
    ["no metrics any more", { monitoring: false }],
  ])("continues with %s", async (_, overrides) => {
    const resources = await declared(overrides);
    expect(() => refuseToLoseData(deployed, resources)).not.toThrow();
  });

  test.each([
    ["other stores", google, stores],
    ["another namespace", { namespace: "team" }, stores],
    ["another storage class", { storageClassName: "fast" }, stores],
    ["no backups", { backup: false }, "mlops-backup-data"],
  ])("is refused with %s", async (_, overrides, volumes) => {
    const resources = await declared(overrides);
    const refused = () => refuseToLoseData(deployed, resources);
    for (const volume of volumes.split(", ")) expect(refused).toThrow(volume);
    expect(refused).toThrow("the data there would be deleted; nothing was changed");
    expect(refused).not.toThrow("prometheus");
  });

  test("and a first one has nothing to lose", async () => {
    const resources = await declared(google);
    expect(() => refuseToLoseData(undefined, resources)).not.toThrow();
  });
});
