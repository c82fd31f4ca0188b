import { type DestinationOptions, destinationOf } from "../../../local/images/destination.ts";

const local = "localhost/mlops";
const context = (name: string, registry = local): DestinationOptions => ({
  target: "context",
  context: name,
  registry,
});

test.each<[string, DestinationOptions, object]>([
  ["the local cluster", { target: "local-cluster", registry: local }, { kind: "local-cluster" }],
  ["the local cluster by name", context("mlops-local"), { kind: "local-cluster" }],
  ["Minikube", { target: "minikube", registry: local }, { kind: "minikube", profile: "minikube" }],
  ["Minikube by name", context("minikube"), { kind: "minikube", profile: "minikube" }],
  ["kind", context("kind-dev"), { kind: "kind", cluster: "dev" }],
  ["k3d", context("k3d-a-b"), { kind: "k3d", cluster: "a-b" }],
  ["Docker Desktop", context("docker-desktop"), { kind: "docker" }],
  ["OrbStack", context("orbstack"), { kind: "docker" }],
  ["Docker itself", { target: "docker", registry: local }, { kind: "docker" }],
  ["another cluster", context("gke_p_z_c", "example.org/mlops"), { kind: "registry" }],
  ["a registry on this machine", context("other", "localhost:5000/mlops"), { kind: "registry" }],
  [
    "a push from a local target",
    { target: "local-cluster", registry: "example.org/mlops", push: true },
    { kind: "registry" },
  ],
])("%s is recognised", (_, options, expected) => {
  expect(destinationOf(options)).toEqual(expected);
});

test("another cluster without a registry is refused with the fix", () => {
  expect(() => destinationOf(context("gke_p_z_c"))).toThrow(
    "imageRegistry is localhost/mlops, but must name a registry that the cluster of the context gke_p_z_c pulls from; set it in the stack's settings or with --config imageRegistry=example.org/mlops",
  );
});

test("a push without a registry is refused with the fix", () => {
  const options: DestinationOptions = { target: "local-cluster", registry: local, push: true };
  expect(() => destinationOf(options)).toThrow(
    "imageRegistry is localhost/mlops, but must name a registry to push to",
  );
});
