import type * as registry from "../../../local/images/registry.ts";
import { provideImages } from "../../../cli/provideImages.ts";
import type { Settings } from "../../../cli/stackSettings.ts";

const gke = {
  cluster: "gke",
  dataStores: "gcp",
  imageRegistry: "localhost/mlops",
  gcpProject: "my-project",
  gcpRegion: "europe-west3",
  models: { churn: { runtime: "tabular" } },
};
const own = "europe-west3-docker.pkg.dev/my-project/mlops";

const asked: string[] = [];
jest.mock("../../../local/images/registry.ts", () => ({
  ...jest.requireActual<typeof registry>("../../../local/images/registry.ts"),
  registryHas: (reference: string) => {
    asked.push(reference.replace(/:[0-9a-f]{12}-\d{8}$/, ""));
    return Promise.resolve(true);
  },
}));

/** The images that a registry, which has them all, is asked for. */
async function askedFor(config: object): Promise<string[]> {
  jest.spyOn(console, "error").mockImplementation(() => {});
  asked.length = 0;
  await provideImages({ config } as Settings, "registry");
  return asked;
}

afterEach(() => jest.restoreAllMocks());

test("images of a stack with a GKE cluster go to the repository that the stack makes", async () => {
  expect(await askedFor(gke)).toEqual(
    ["tracking", "predict", "backup", "serving"].map((name) => `${own}/${name}`),
  );
});

test("with a database in the cluster its image goes there too", async () => {
  expect(await askedFor({ ...gke, dataStores: "cluster" })).toContain(`${own}/postgres`);
});

test("a registry of the stack's settings wins", async () => {
  const asked = await askedFor({ ...gke, imageRegistry: "example.org/team" });
  expect(asked[0]).toBe("example.org/team/tracking");
});
