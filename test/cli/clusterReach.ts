import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { interfaces } from "../../local/cluster/clusterLayout.ts";
import { run, sleep } from "../../local/support/process.ts";
import { askProbe } from "../local/cluster/clusterProbe.ts";

/** A TCP service of the machine, on one address or on all (`::`), that greets every caller. */
export async function listen(
  host: string,
  port = 0,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((socket) => socket.on("error", () => {}).end("hello"));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Link {
  ifname: string;
  addr_info: { family: "inet" | "inet6"; local: string; scope: string }[];
}

/** Every address by which a pod may know the machine. What holds for one link only counts on the pods' own. */
export async function machineAddresses(): Promise<{ address: string; isForLink: boolean }[]> {
  const links = JSON.parse(await run("ip", ["-json", "addr"])) as Link[];
  return links.flatMap(({ ifname, addr_info }) =>
    addr_info
      .map(({ family, local, scope }) => ({
        address: local,
        isForLink: family === "inet6" && scope === "link",
      }))
      .filter(({ isForLink }) => !isForLink || ifname === interfaces.bridge),
  );
}

/** Connects from the machine itself, from `localPort` if given: "connected", or why not. */
export const dialHere = (host: string, port: number, localPort?: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, localPort, timeout: 3_000 });
    const end = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => end("connected"));
    socket.on("error", (error) => end(error.message));
    socket.on("timeout", () => end("timed out"));
  });

/** Connects from a restricted pod: "connected", or why not. */
export function dialFromPod(host: string, port: number): Promise<string> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return askProbe(`dial/${encodeURIComponent(address)}`);
}

/**
 * Stands in for a pod that may change its own network: it sends packets to 127.0.0.1 on the wire, where the machine's
 * kernel would take them for its own (CVE-2020-8558).
 */
export async function withIntruder(
  work: (dial: (host: string, port: number) => Promise<string>) => Promise<void>,
): Promise<void> {
  const pod = spawn("unshare", ["--net", "sleep", "60"]);
  await once(pod, "spawn");
  const inside = (...args: string[]) => run("nsenter", ["--net", `--target=${pod.pid}`, ...args]);
  const outside = "mlops-intruder";
  try {
    const own = readlinkSync("/proc/self/ns/net");
    while (readlinkSync(`/proc/${pod.pid}/ns/net`) === own) await sleep(20);
    await run("ip", [
      ...["link", "add", outside, "type", "veth", "peer", "eth0"],
      ...["netns", String(pod.pid)],
    ]);
    await run("ip", ["link", "set", outside, "master", interfaces.bridge, "up"]);
    await inside("ip", "addr", "add", "10.244.0.250/24", "dev", "eth0");
    await inside("ip", "link", "set", "eth0", "up");
    await inside("ip", "route", "add", "default", "via", "10.244.0.1");
    await inside("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1");
    await inside("ip", "route", "add", "127.0.0.0/8", "via", "10.244.0.1");
    await work((host, port) =>
      inside("timeout", "3", "bash", "-c", `: < /dev/tcp/${host}/${port}`).then(
        () => "connected",
        () => "no answer",
      ),
    );
  } finally {
    await run("ip", ["link", "delete", outside]).catch(() => {}); // was not made yet
    pod.kill();
  }
}
