import { provideImages } from "../../../cli/provideImages.ts";
import type { Settings } from "../../../cli/stackSettings.ts";

const gke = {
  cluster: "gke",
  dataStores: "gcp",
  imageRegistry: "localhost/mlops",
  gcpProject: "my-project",
  gcpRegion: "europe-west3",
};
const own = "https://europe-west3-docker.pkg.dev/v2/my-project/mlops";

/** The images that a registry, which has them all, is asked for. */
async function askedFor(config: object): Promise<string[]> {
  jest.spyOn(console, "error").mockImplementation(() => {});
  const ask = jest.spyOn(globalThis, "fetch").mockResolvedValue(new Response(null));
  await provideImages({ config } as Settings, "registry");
  return ask.mock.calls.map(([url]) => String(url).replace(/\/manifests\/[0-9a-f]{12}-\d{8}$/, ""));
}

afterEach(() => jest.restoreAllMocks());

test("images of a stack with a GKE cluster go to the repository that the stack makes", async () => {
  expect(await askedFor(gke)).toEqual([`${own}/tracking`, `${own}/serving`, `${own}/predict`]);
});

test("with a database in the cluster its image goes there too", async () => {
  expect(await askedFor({ ...gke, dataStores: "cluster" })).toContain(`${own}/postgres`);
});

test("a registry of the stack's settings wins", async () => {
  const asked = await askedFor({ ...gke, imageRegistry: "example.org/team" });
  expect(asked[0]).toBe("https://example.org/v2/team/tracking");
});
