import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { BlockList } from "node:net";
import { join } from "node:path";
import { UserError } from "../support/errors.ts";
import { run } from "../support/process.ts";
import { closeFirewall, hasKubernetesRules, openFirewall } from "./firewall.ts";
import { addresses, interfaces, type ClusterPaths } from "./clusterLayout.ts";

// Without these a packet between two pods passes no firewall.
const bridged = ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"];

// What the cluster sets (first three), and what kubelet and kube-proxy set: restored at the end.
const settings = [
  "net/ipv4/ip_forward",
  ...bridged,
  "net/ipv4/conf/all/route_localnet",
  "net/netfilter/nf_conntrack_tcp_be_liberal",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

const settingFile = (name: string) => `/proc/sys/${name}`;
const read = (file: string) => readFileSync(file, "utf8").trim();
const bootId = () => read("/proc/sys/kernel/random/boot_id");

interface Before {
  bootId: string;
  settings: Record<string, string>;
}

const beforeFile = (paths: ClusterPaths) => join(paths.state, "settings-before.json");

async function settingsBefore(paths: ClusterPaths): Promise<Before | undefined> {
  try {
    const before = JSON.parse(await readFile(beforeFile(paths), "utf8")) as Before;
    return before.bootId === bootId() ? before : undefined; // a reboot has restored them
  } catch {
    return undefined; // missing or half-written: nothing was changed before it was complete
  }
}

/** Adds the node's address and the routes of the service range, before the first pod starts. */
export async function networkUp(paths: ClusterPaths, apiPort: number): Promise<void> {
  await run("modprobe", ["-qa", "br_netfilter", "overlay"]).catch(() => {}); // mostly built in, or loaded
  if (!(await settingsBefore(paths))) {
    const present = settings.filter((name) => existsSync(settingFile(name)));
    const before: Before = {
      bootId: bootId(),
      settings: Object.fromEntries(present.map((name) => [name, read(settingFile(name))])),
    };
    await mkdir(paths.state, { recursive: true, mode: 0o700 });
    await writeFile(beforeFile(paths), JSON.stringify(before, null, 2));
  }
  if (!existsSync(settingFile(bridged[0]!))) {
    throw new UserError(
      "The local cluster requires the kernel module br_netfilter, which `modprobe br_netfilter` cannot load; install a kernel that has it or use another cluster",
    );
  }
  for (const name of ["net/ipv4/ip_forward", ...bridged]) writeFileSync(settingFile(name), "1");

  if (!existsSync(`/sys/class/net/${interfaces.node}`)) {
    // A bridge without ports swallows packets like a dummy interface, which not every kernel has.
    await run("ip", ["link", "add", interfaces.node, "type", "bridge"]);
  }
  await run("ip", ["addr", "replace", `${addresses.node}/32`, "dev", interfaces.node]);
  await run("ip", ["link", "set", interfaces.node, "up"]);
  // Packets to a service or pod that does not exist (any more, or yet) end here; without these routes
  // they would leave by the default one. The pods' bridge, once there, has a more precise route.
  for (const range of [addresses.services, addresses.cluster]) {
    await run("ip", ["route", "replace", range, "dev", interfaces.node]);
  }
  await openFirewall(apiPort);
}

/** Removes every rule, interface and setting of ours. Call it only when no pod is left. */
export async function networkDown(paths: ClusterPaths): Promise<void> {
  // The interface is made before the first rule and removed after the last one. Without it the rules
  // that look like ours are those of another Kubernetes.
  if (existsSync(`/sys/class/net/${interfaces.node}`)) await closeFirewall();
  for (const name of [...bridgePorts(await links()), interfaces.bridge, interfaces.node]) {
    // An interface whose namespace just ended disappears by itself, a moment later or earlier.
    await run("ip", ["link", "delete", name]).catch(() => {});
  }
  const left = (await links()).map(({ ifname }) => ifname);
  const ours: string[] = [interfaces.bridge, interfaces.node];
  const remaining = left.filter((name) => ours.includes(name));
  if (remaining.length) throw new Error(`network interfaces remain: ${remaining.join(", ")}`);

  const before = await settingsBefore(paths);
  for (const [name, value] of Object.entries(before?.settings ?? {})) {
    if (read(settingFile(name)) !== value) writeFileSync(settingFile(name), value);
  }
  await rm(beforeFile(paths), { force: true });
}

interface Link {
  ifname: string;
  master?: string;
}

const links = async () => JSON.parse(await run("ip", ["-json", "link", "show"])) as Link[];

const bridgePorts = (all: Link[]) =>
  all.filter((link) => link.master === interfaces.bridge).map((link) => link.ifname);

interface Route {
  dst: string;
  dev?: string;
}

/** Refuses to start where the addresses are in use already, by a network or by another Kubernetes. */
export async function checkNetworkIsFree(): Promise<void> {
  const routes = JSON.parse(await run("ip", ["-json", "-4", "route", "show"])) as Route[];
  const taken = conflictingRoute(routes);
  if (taken) {
    throw new UserError(
      `The route to ${taken.dst} by ${taken.dev} overlaps the local cluster's addresses (${addresses.cluster}, ${addresses.services}); disconnect that network (a VPN?) or use another cluster`,
    );
  }
  if (await hasKubernetesRules()) {
    throw new UserError(
      "Another Kubernetes runs on this machine; stop it, or name its kubeconfig context with `pulumi config set kubeContext <name>`",
    );
  }
}

/** The first route, other than our own, into a range that the cluster uses. */
export function conflictingRoute(routes: Route[]): Route | undefined {
  const ours: string[] = [interfaces.node, interfaces.bridge];
  return routes.find(
    ({ dst, dev }) =>
      dst !== "default" &&
      !(dev && ours.includes(dev)) &&
      [addresses.cluster, addresses.services].some((range) => overlap(dst, range)),
  );
}

function overlap(a: string, b: string): boolean {
  const contains = (outer: string, inner: string) => {
    const [address = "", bits = "32"] = outer.split("/");
    const block = new BlockList();
    block.addSubnet(address, Number(bits));
    return block.check(inner.split("/")[0]!);
  };
  return contains(a, b) || contains(b, a);
}
