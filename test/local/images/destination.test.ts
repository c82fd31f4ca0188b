import { type DestinationOptions, destinationOf } from "../../../local/images/destination.ts";

const local = "localhost/mlops";
const context = (
  name: string,
  own?: DestinationOptions["own"],
  registry = local,
): DestinationOptions => ({ target: "context", context: name, own, registry });

test.each<[string, DestinationOptions, object]>([
  ["the local cluster", { target: "local-cluster", registry: local }, { kind: "local-cluster" }],
  ["Minikube", { target: "minikube", registry: local }, { kind: "minikube", profile: "minikube" }],
  [
    "Minikube under another name",
    context("work", { kind: "minikube", profile: "trial" }),
    { kind: "minikube", profile: "trial" },
  ],
  ["kind", context("a", { kind: "kind", cluster: "dev" }), { kind: "kind", cluster: "dev" }],
  ["k3d", context("a", { kind: "k3d", cluster: "a-b" }), { kind: "k3d", cluster: "a-b" }],
  ["Docker Desktop", context("a", { kind: "docker" }), { kind: "docker" }],
  [
    "k3s on this machine",
    context("default", { kind: "machine" }, "example.org/mlops"),
    { kind: "registry" },
  ],
  ["Docker itself", { target: "docker", registry: local }, { kind: "docker" }],
  ["another cluster", context("gke_p_z_c", undefined, "example.org/mlops"), { kind: "registry" }],
  [
    "a registry on this machine",
    context("other", undefined, "localhost:5000/mlops"),
    { kind: "registry" },
  ],
  [
    "a push from a local target",
    { target: "local-cluster", registry: "example.org/mlops", push: true },
    { kind: "registry" },
  ],
])("%s is recognised", (_, options, expected) => {
  expect(destinationOf(options)).toEqual(expected);
});

test("another cluster without a registry is refused with the fix, whatever its context is called", () => {
  expect(() => destinationOf(context("minikube"))).toThrow(
    "imageRegistry is localhost/mlops, but must name a registry that the cluster of the context minikube pulls from; set it in the stack's settings or with --config imageRegistry=example.org/mlops",
  );
});

test("a push without a registry is refused with the fix", () => {
  const options: DestinationOptions = { target: "local-cluster", registry: local, push: true };
  expect(() => destinationOf(options)).toThrow(
    "imageRegistry is localhost/mlops, but must name a registry to push to",
  );
});
