import { accessToken } from "../support/fakeGoogleCloud/index.ts";
import {
  offlineSettings,
  openWorkplace,
  project,
  reasonToSkipGoogle,
  type Workplace,
} from "./support/googleStack.ts";
import { changesIn, PulumiStack } from "./support/pulumiStack.ts";

// An existing cluster, such as Minikube, with Cloud SQL, a bucket, and a key to reach them.

const skipped = reasonToSkipGoogle();
const suite = skipped ? describe.skip : describe;

suite(
  `Minikube with Google Cloud through its real provider${skipped ? ` (skipped: ${skipped})` : ""}`,
  () => {
    jest.setTimeout(10 * 60_000);
    let place: Workplace;
    let stack: PulumiStack;
    const world = () => place.cloud.world;
    const one = (kind: RegExp) =>
      world()
        .paths()
        .filter((path) => kind.test(path));
    const instance = () => world().get(one(/\/instances\/[^/]+$/)[0]!);

    beforeAll(async () => {
      place = await openWorkplace();
      stack = new PulumiStack("laptop", { ...place.environment, KUBECONFIG: place.kubeconfig });
      const google = { dataStores: "gcp", gcpRegion: "europe-west1", protectData: "false" };
      stack.configure("Pulumi.dev.yaml", { ...offlineSettings(), ...google });
      await stack.create();
    });
    afterAll(async () => {
      stack.remove();
      await place.close();
    });

    test("an organization that forbids keys stops `up` before Cloud SQL is created", async () => {
      world().forbidsKeys = true;
      const { code, output } = await stack.up();
      world().forbidsKeys = false;
      expect(code).not.toBe(0);
      expect(output).toMatch(/Key creation is not allowed/);
      expect(one(/\/instances\//)).toEqual([]);
    });

    test("`up` makes an account with a key and the two roles it needs", async () => {
      const { code, output } = await stack.up();
      expect(output).toMatch(/\+ \d+ created/);
      expect(code).toBe(0);
      expect(one(/\/keys\//)).toHaveLength(1);
      const { bindings } = world().policies.get(`projects/${project}`, 3);
      expect(bindings).toMatchObject([{ role: "roles/cloudsql.client" }]);
      expect(bindings[0].condition.expression).toContain(String(instance()["name"]));
    });

    test("a second `up` changes nothing", async () => {
      const { code, output } = await stack.up("--refresh", "--expect-no-changes", "--diff");
      expect(changesIn(output)).toEqual([]);
      expect(code).toBe(0);
    });

    test("neither key nor passwords are in the state as plaintext", async () => {
      const state = await stack.state();
      expect(state).toContain("mlops-tracking-identity-key");
      for (const secret of [...world().secrets, accessToken]) expect(state).not.toContain(secret);
    });

    test("`destroy` deletes all of it", async () => {
      const { code } = await stack.run("destroy", "--yes", "--skip-preview");
      expect(code).toBe(0);
      expect(one(/^(?!zones\/|reserved\/)/)).toEqual([]);
    });

    test("every request was answered", () => {
      expect(place.cloud.unanswered()).toEqual([]);
    });
  },
);
