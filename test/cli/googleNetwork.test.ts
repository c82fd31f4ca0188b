import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { destroyWithNetwork } from "../../cli/googleNetwork.ts";

const { PATH } = process.env;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "network-"));
  process.env["PATH"] = `${folder}${delimiter}${PATH}`;
  jest.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env["PATH"] = PATH;
  rmSync(folder, { recursive: true });
});

const network = {
  urn: "urn:network",
  type: "gcp:compute/network:Network",
  outputs: { name: "vpc-1", project: "ml-1" },
};
const subnet = { urn: "urn:subnet", type: "gcp:compute/subnetwork:Subnetwork" };
const stays = [
  { urn: "urn:vpc", type: "mlops:index:PrivateNetwork" },
  { urn: "urn:api", type: "gcp:projects/service:Service" },
];

/** A gcloud that knows these peerings and instances, and records which peering it deletes. */
function gcloud({ peerings = "", instances = "" }): () => string {
  const deleted = join(folder, "deleted");
  writeFileSync(
    join(folder, "gcloud"),
    `#!/bin/sh
case "$*" in
  *"networks describe vpc-1"*"--project ml-1"*) echo "${peerings}" ;;
  *"sql instances list"*"/vpc-1$"*"--project ml-1"*) echo "${instances}" ;;
  *"peerings delete"*) echo "$*" >> ${deleted} ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
`,
  );
  chmodSync(join(folder, "gcloud"), 0o755);
  return () => (existsSync(deleted) ? readFileSync(deleted, "utf8").trim() : "");
}

/** A stack whose attempts to destroy it leave these resources, one list for each attempt. */
function stack(...leftBehind: object[][]) {
  let attempts = 0;
  return {
    attempts: () => attempts,
    destroy: async () => (leftBehind[attempts++]!.length > 0 ? 1 : 0),
    state: async () => {
      const left = leftBehind[attempts - 1]!;
      return JSON.stringify({ deployment: { resources: [...left, ...stays] } });
    },
  };
}

test("a network that nothing holds is destroyed at once", async () => {
  const steps = stack([]);
  expect(await destroyWithNetwork(steps)).toBe(0);
  expect(steps.attempts()).toBe(1);
});

test("the peering that Cloud SQL left behind is removed from the network", async () => {
  const deleted = gcloud({ peerings: "servicenetworking-googleapis-com" });
  const steps = stack([network], []);
  expect(await destroyWithNetwork(steps, [], 0)).toBe(0);
  expect(steps.attempts()).toBe(2);
  expect(deleted()).toBe(
    "compute networks peerings delete servicenetworking-googleapis-com --network vpc-1 --project ml-1 --quiet",
  );
});

test("no peering is removed while Cloud SQL has an instance in the network", async () => {
  const deleted = gcloud({ peerings: "servicenetworking-googleapis-com", instances: "theirs" });
  const steps = stack([network]);
  await expect(destroyWithNetwork(steps, [], 0)).rejects.toThrow(
    "Cloud SQL still uses the network vpc-1: theirs; delete",
  );
  expect(deleted()).toBe("");
  expect(steps.attempts()).toBe(1);
});

test("leftovers of the cluster in the network get time to be deleted", async () => {
  const deleted = gcloud({ peerings: "of-the-office" });
  const steps = stack([network, subnet], []);
  expect(await destroyWithNetwork(steps, [], 0)).toBe(0);
  expect(steps.attempts()).toBe(2);
  expect(deleted()).toBe("");
});

test("a network with a peering and leftovers takes three attempts, and no more", async () => {
  gcloud({ peerings: "servicenetworking-googleapis-com" });
  const steps = stack([network], [network], [network]);
  expect(await destroyWithNetwork(steps, [], 0)).toBe(1);
  expect(steps.attempts()).toBe(3);
});

test.each([
  ["the cluster", "gcp:container/cluster:Cluster"],
  ["Cloud SQL", "gcp:sql/databaseInstance:DatabaseInstance"],
])("a failure at %s is reported at once, and the network stays as it is", async (_, type) => {
  const deleted = gcloud({ peerings: "servicenetworking-googleapis-com" });
  const steps = stack([network, { urn: "urn:used", type }]);
  expect(await destroyWithNetwork(steps, [], 0)).toBe(1);
  expect(steps.attempts()).toBe(1);
  expect(deleted()).toBe("");
});

test("a failure after Google Cloud is cleared is reported at once", async () => {
  const steps = stack([{ urn: "urn:namespace", type: "kubernetes:core/v1:Namespace" }]);
  expect(await destroyWithNetwork(steps, [], 0)).toBe(1);
  expect(steps.attempts()).toBe(1);
});

test("a network that is kept with its data keeps its peering", async () => {
  const deleted = gcloud({ peerings: "servicenetworking-googleapis-com" });
  const sql = { urn: "urn:sql", type: "gcp:sql/databaseInstance:DatabaseInstance" };
  const steps = stack([network, sql, subnet], []);
  expect(await destroyWithNetwork(steps, [network.urn, sql.urn], 0)).toBe(0);
  expect(steps.attempts()).toBe(2);
  expect(deleted()).toBe("");
});
