import { readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { homedir, networkInterfaces } from "node:os";
import { join } from "node:path";

/** A node of a cluster, as far as it shows where it runs. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly providerId: string;
  /** Its internal and external addresses. */
  readonly addresses: readonly string[];
}

/** A cluster that runs on this machine, by what runs it. */
export type OwnCluster =
  | { readonly kind: "minikube"; readonly profile: string }
  | { readonly kind: "kind" | "k3d"; readonly cluster: string }
  /** A virtual machine that shares Docker's images: Docker Desktop, Rancher Desktop, Colima, OrbStack. */
  | { readonly kind: "docker" }
  /** No virtual machine and no container: k3s, MicroK8s or kubeadm right on this machine. */
  | { readonly kind: "machine" };

/** A network of this machine: its own address there, and the length of the network's prefix. */
interface OwnNetwork {
  readonly address: string;
  readonly prefix: number;
}

export interface Machine {
  readonly networks: readonly OwnNetwork[];
  /** Whether it is a virtual machine of a cloud, whose public address it may not know itself. */
  readonly isRented: boolean;
  /** What this machine's Minikube knows of a profile; undefined where it has none of that name. */
  readonly minikubeProfile: (name: string) => MinikubeProfile | undefined;
}

export interface MinikubeProfile {
  readonly driver: string;
  readonly addresses: readonly string[];
}

/**
 * Tells what runs a cluster on this machine, or undefined for any other cluster. A context's name counts for nothing:
 * the API server must be here, no node may have a public address, and each must be one of the same known kinds.
 */
export function ownCluster(
  nodes: readonly NodeFacts[],
  apiServer: readonly string[],
  machine: Machine,
): OwnCluster | undefined {
  const [first, ...others] = nodes;
  if (first === undefined || apiServer.length === 0) return undefined;
  if (!apiServer.every((address) => isHere(address, machine))) return undefined;
  if (!nodes.flatMap(({ addresses }) => addresses).every(isPrivate)) return undefined;
  const found = runnerOf(first, apiServer, machine);
  const isSame = (node: NodeFacts) =>
    JSON.stringify(runnerOf(node, apiServer, machine)) === JSON.stringify(found);
  return others.every(isSame) ? found : undefined;
}

function runnerOf(
  { name, labels, providerId, addresses }: NodeFacts,
  apiServer: readonly string[],
  machine: Machine,
): OwnCluster | undefined {
  if (addresses.length === 0) return undefined;
  const isMachine = addresses.every((address) => isOwn(address, machine));
  // its ports are open on every address that the machine has
  if (isMachine && (machine.isRented || machine.networks.some(isPublicNetwork))) return undefined;
  const isBehind = addresses.every((address) => isBehindThis(address, machine));
  const isInside = isMachine || isBehind || apiServer.every(isLoopback);

  const profile = labels["minikube.k8s.io/name"];
  if (profile !== undefined) {
    const known = machine.minikubeProfile(profile);
    const isKnown =
      known !== undefined &&
      !["ssh", "none"].includes(known.driver) &&
      addresses.every((address) => known.addresses.includes(address));
    return isMachine || isBehind || isKnown ? { kind: "minikube", profile } : undefined;
  }
  if (/^(docker-desktop|desktop-(control-plane|worker\d*))$/.test(name) && isInside) {
    return { kind: "docker" };
  }
  const [, kind] = /^kind:\/\/[^/]+\/([^/]+)\//.exec(providerId) ?? [];
  if (kind !== undefined) return isInside ? { kind: "kind", cluster: kind } : undefined;
  const [, k3d] = /^k3s:\/\/k3d-(.+)-(server|agent)-\d+$/.exec(providerId) ?? [];
  if (k3d !== undefined) return isInside ? { kind: "k3d", cluster: k3d } : undefined;
  if (/^(lima-rancher-desktop|colima(-.+)?|orbstack)$/.test(name) && isInside) {
    return { kind: "docker" };
  }
  return isMachine ? { kind: "machine" } : undefined;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("0.0.0.0");
loopback.addAddress("::1", "ipv6");

/** Networks that nothing on the internet reaches. */
const inner = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["198.18.0.0", 15],
  ["127.0.0.0", 8],
] as const) {
  inner.addSubnet(network, prefix);
}
inner.addSubnet("fc00::", 7, "ipv6");
inner.addSubnet("fe80::", 10, "ipv6");
inner.addAddress("::1", "ipv6");

const contains = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

const isLoopback = (address: string) => contains(loopback, address);
const isPrivate = (address: string) => contains(inner, address);
// every machine at home has a public address of IPv6, behind a router that lets nothing in
const isPublicNetwork = ({ address }: OwnNetwork) => isIP(address) === 4 && !isPrivate(address);

const isOwn = (address: string, { networks }: Machine): boolean =>
  networks.some((network) => network.address === address);

/** On a network whose gateway is this machine, as a bridge to containers or virtual machines has it. */
function isBehindThis(address: string, { networks }: Machine): boolean {
  return networks.some(({ address: own, prefix }) => {
    const family = isIP(own) === 6 ? "ipv6" : "ipv4";
    if (!isPrivate(own) || !/(\.|:)1$/.test(own)) return false;
    const network = new BlockList();
    network.addSubnet(own, prefix, family);
    return address !== own && contains(network, address);
  });
}

const isHere = (address: string, machine: Machine): boolean =>
  isLoopback(address) || isOwn(address, machine) || isBehindThis(address, machine);

/** This machine, as it is now. */
export function thisMachine(): Machine {
  const networks = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address, cidr }) => ({ address, prefix: Number(cidr?.split("/")[1] ?? 32) }));
  return { networks, isRented: isRented(), minikubeProfile };
}

const clouds =
  /amazon ec2|google compute engine|7783-7084-3265-9085-8269-3286-77|digitalocean|hetzner|linode|akamai|vultr|openstack|scaleway|upcloud|exoscale|alibaba cloud|tencent cloud|oraclecloud/i;

/** Whether the firmware names a cloud; the long number is Azure's. */
function isRented(): boolean {
  const read = (name: string) => textOf(join("/sys/class/dmi/id", name)) ?? "";
  return clouds.test(["sys_vendor", "product_name", "chassis_asset_tag"].map(read).join(" "));
}

/** Minikube's own record of a profile, which `minikube profile list` prints, without the seconds that it takes. */
function minikubeProfile(name: string): MinikubeProfile | undefined {
  if (!/^[\w.-]+$/.test(name)) return undefined;
  const home = process.env["MINIKUBE_HOME"] ?? homedir();
  const folder = home.endsWith(".minikube") ? home : join(home, ".minikube");
  const text = textOf(join(folder, "profiles", name, "config.json"));
  if (text === undefined) return undefined;
  try {
    const { Driver, Nodes } = JSON.parse(text) as { Driver?: string; Nodes?: { IP?: string }[] };
    return { driver: Driver ?? "", addresses: (Nodes ?? []).map(({ IP }) => IP ?? "") };
  } catch {
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
