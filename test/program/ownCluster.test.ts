import { type Machine, type NodeFacts, ownCluster } from "../../program/ownCluster.ts";

/** A laptop with Docker, libvirt, VirtualBox and a VPN whose server someone else runs. */
const laptop: Machine = {
  networks: [
    { address: "127.0.0.1", prefix: 8 },
    { address: "192.168.1.23", prefix: 24 },
    { address: "2001:db8::23", prefix: 64 },
    { address: "172.18.0.1", prefix: 16 },
    { address: "192.168.49.1", prefix: 24 },
    { address: "192.168.39.1", prefix: 24 },
    { address: "fc00:f853:ccd:e793::1", prefix: 64 },
    { address: "10.8.0.6", prefix: 24 },
  ],
  isRented: false,
  minikubeProfile: () => undefined,
};
/** macOS: containers and virtual machines are behind a network that the machine is not on. */
const mac: Machine = { ...laptop, networks: laptop.networks.slice(0, 3) };
const withProfile = (machine: Machine, driver: string, ...addresses: string[]): Machine => ({
  ...machine,
  minikubeProfile: (name) => (name === "minikube" ? { driver, addresses } : undefined),
});

const node = (name: string, address: string, more: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  labels: { "kubernetes.io/hostname": name },
  providerId: "",
  addresses: [address],
  ...more,
});
const minikube = (address: string, name = "minikube") =>
  node(name, address, { labels: { "minikube.k8s.io/name": name } });
const kind = (address: string, name = "dev-control-plane") =>
  node(name, address, { providerId: `kind://docker/dev/${name}` });
const k3d = (address: string) =>
  node("k3d-a-b-server-0", address, { providerId: "k3s://k3d-a-b-server-0" });
const k3s = (name: string, address: string, ...more: string[]) =>
  node(name, address, {
    labels: { "node.kubernetes.io/instance-type": "k3s" },
    providerId: `k3s://${name}`,
    addresses: [address, ...more],
  });

const here = ["127.0.0.1"];

// SECURITY.md: Node ports are open by default only on clusters of this machine, which are
// recognised by their nodes and addresses ([decision
// 19](docs/decisions/0019-ports-by-what-the-cluster-is.md)).
test.each<[string, NodeFacts[], string[], Machine, object]>([
  [
    "Minikube in Docker on Linux",
    [minikube("192.168.49.2")],
    ["192.168.49.2"],
    laptop,
    { kind: "minikube", profile: "minikube" },
  ],
  [
    "Minikube in a virtual machine, under another name",
    [minikube("192.168.39.10", "trial")],
    ["192.168.39.10"],
    laptop,
    { kind: "minikube", profile: "trial" },
  ],
  [
    "Minikube in Docker Desktop, by its own profile",
    [minikube("192.168.49.2")],
    here,
    withProfile(mac, "docker", "192.168.49.2"),
    { kind: "minikube", profile: "minikube" },
  ],
  [
    "Minikube without a driver, on the laptop itself",
    [minikube("192.168.1.23")],
    ["192.168.1.23"],
    withProfile(laptop, "none", "192.168.1.23"),
    { kind: "minikube", profile: "minikube" },
  ],
  ["kind on Linux", [kind("172.18.0.2")], here, laptop, { kind: "kind", cluster: "dev" }],
  ["kind on macOS", [kind("172.18.0.2")], here, mac, { kind: "kind", cluster: "dev" }],
  [
    "kind with IPv6 and two nodes",
    [kind("fc00:f853:ccd:e793::2"), kind("fc00:f853:ccd:e793::3", "dev-worker")],
    ["::1"],
    laptop,
    { kind: "kind", cluster: "dev" },
  ],
  ["k3d", [k3d("172.18.0.3")], ["0.0.0.0"], laptop, { kind: "k3d", cluster: "a-b" }],
  ["Docker Desktop", [node("docker-desktop", "192.168.65.3")], here, mac, { kind: "docker" }],
  [
    "Docker Desktop with its kind",
    [
      node("desktop-control-plane", "172.18.0.2", {
        providerId: "kind://docker/desktop/desktop-control-plane",
      }),
    ],
    here,
    mac,
    { kind: "docker" },
  ],
  [
    "Rancher Desktop",
    [k3s("lima-rancher-desktop", "192.168.127.2")],
    here,
    mac,
    { kind: "docker" },
  ],
  ["Colima", [k3s("colima", "192.168.5.1")], here, mac, { kind: "docker" }],
  ["OrbStack", [k3s("orbstack", "198.19.249.2")], here, mac, { kind: "docker" }],
  ["k3s on the laptop", [k3s("laptop", "192.168.1.23")], here, laptop, { kind: "machine" }],
  [
    "kubeadm on the laptop",
    [node("laptop", "192.168.1.23")],
    ["192.168.1.23"],
    laptop,
    { kind: "machine" },
  ],
])("%s is a cluster of this machine", (_, nodes, apiServer, machine, expected) => {
  expect(ownCluster(nodes, apiServer, machine)).toEqual(expected);
});

const server: Machine = {
  ...laptop,
  networks: [
    { address: "127.0.0.1", prefix: 8 },
    { address: "203.0.113.7", prefix: 24 },
    { address: "10.0.0.2", prefix: 16 },
  ],
};

test.each<[string, NodeFacts[], string[], Machine]>([
  ["no node that it may see", [], here, laptop],
  ["a node without an address", [{ ...kind(""), addresses: [] }], here, laptop],
  ["an API server behind a proxy", [kind("172.18.0.2")], [], laptop],
  ["k3s on a rented server", [k3s("vps", "203.0.113.7")], ["203.0.113.7"], laptop],
  ["the same, seen from itself", [k3s("vps", "203.0.113.7")], here, server],
  ["k3s on the private address of a public server", [k3s("vps", "10.0.0.2")], here, server],
  [
    "k3s with an external address",
    [k3s("vps", "10.0.0.2", "203.0.113.7")],
    here,
    { ...server, networks: [{ address: "10.0.0.2", prefix: 16 }] },
  ],
  [
    "k3s on a cloud's machine, which does not know its public address",
    [k3s("ip-172-31-5-4", "172.31.5.4")],
    here,
    { ...laptop, networks: [{ address: "172.31.5.4", prefix: 20 }], isRented: true },
  ],
  ["k3s through a tunnel", [k3s("vps", "10.0.0.2")], here, laptop],
  ["k3s of a neighbour in the same network", [k3s("pc", "192.168.1.50")], ["192.168.1.50"], laptop],
  ["k3s through a VPN", [k3s("vps", "10.8.0.9")], ["10.8.0.9"], laptop],
  [
    "k3s through a VPN whose server is this machine",
    [k3s("vps", "10.8.0.9")],
    ["10.8.0.9"],
    { ...laptop, networks: [{ address: "10.8.0.1", prefix: 24 }] },
  ],
  ["Minikube of a neighbour", [minikube("192.168.1.50")], ["192.168.1.50"], laptop],
  ["Minikube through a tunnel", [minikube("192.168.49.2")], here, mac],
  [
    "Minikube through a tunnel, next to the user's own",
    [minikube("10.0.0.2")],
    here,
    withProfile(mac, "docker", "192.168.49.2"),
  ],
  [
    "Minikube that its driver runs on another machine",
    [minikube("10.0.0.2")],
    here,
    withProfile(mac, "ssh", "10.0.0.2"),
  ],
  ["kind on another machine", [kind("172.18.0.2")], ["203.0.113.7"], laptop],
  [
    "a node with the name of Docker Desktop's",
    [node("docker-desktop", "10.0.0.2")],
    ["203.0.113.7"],
    laptop,
  ],
  ["the same in the open", [node("docker-desktop", "203.0.113.7")], here, laptop],
  [
    "GKE",
    [node("gke-a", "10.128.0.3", { providerId: "gce://p/z/gke-a" })],
    ["203.0.113.9"],
    laptop,
  ],
  [
    "a cluster with one node here and one elsewhere",
    [node("laptop", "192.168.1.23"), node("pc", "192.168.1.50")],
    here,
    laptop,
  ],
])("%s is none", (_, nodes, apiServer, machine) => {
  expect(ownCluster(nodes, apiServer, machine)).toBeUndefined();
});
