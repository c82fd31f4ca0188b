import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeProblem } from "../../../local/cluster/api.ts";
import { components } from "../../../local/cluster/components.ts";
import {
  cniConfig,
  containerdConfig,
  corefile,
  kubeconfig,
  kubeletConfig,
  proxyConfig,
  upstreamServers,
} from "../../../local/cluster/configs.ts";
import { firewallRules, removalOf } from "../../../local/cluster/firewall.ts";
import { apiPort, clusterPaths, mountedPaths } from "../../../local/cluster/clusterLayout.ts";
import { conflictingRoute } from "../../../local/cluster/nodeNetwork.ts";
import {
  describeProcess,
  isCurrent,
  listProcesses,
  otherCluster,
} from "../../../local/cluster/processes.ts";
import { versions } from "../../../local/cluster/programs.ts";
import { packages, requirePlatform } from "../../../local/cluster/requirements.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { missingPackages } from "../../../local/support/debianPackages.ts";
import { mountsBelow } from "../../../local/support/mounts.ts";

const paths = clusterPaths("/cache");

describe("a node that takes no pods gives the reason", () => {
  const problem = (taints: string[], renewTime = "2026-11-26T19:00:10Z", status = "True") => {
    const conditions = [{ type: "Ready", status }];
    const answer = {
      spec: { taints: taints.map((key) => ({ key })), renewTime },
      status: { conditions },
    };
    const api = () => Promise.resolve({ status: 200, text: JSON.stringify(answer) });
    return nodeProblem(api, "mlops-local", Date.parse("2026-11-26T19:00:00Z"));
  };

  test("a full disk is reported with the fix", async () => {
    expect(await problem(["node.kubernetes.io/disk-pressure"])).toMatch(/disk is full.*free some/);
  });

  test("another taint is named", async () => {
    expect(await problem(["node.kubernetes.io/unreachable"])).toContain("unreachable");
  });

  test("a state from before a restart does not count, and a healthy node has no problem", async () => {
    expect(await problem([], "2026-11-26T18:59:59Z")).toBe("the node has not reported yet");
    expect(await problem([], undefined, "False")).toBe("the node does not report Ready");
    expect(await problem(["example.org/own"])).toBeUndefined();
  });
});

describe("errors name the argument, the rule and the fix", () => {
  test.each(["80", "70000", "64x3", "6443.5"])("MLOPS_API_PORT=%s", (value) => {
    expect(() => apiPort({ MLOPS_API_PORT: value })).toThrow(
      `MLOPS_API_PORT is "${value}" but must be a port from 1024 to 65535; unset it to use 6443`,
    );
  });

  test("the port is 6443 unless it is given", () => {
    expect([apiPort({}), apiPort({ MLOPS_API_PORT: "7000" })]).toEqual([6443, 7000]);
  });

  test("another system than Linux, another user than root", () => {
    expect(() => requirePlatform("darwin", 0)).toThrow(/on Linux only, not on darwin; use another/);
    expect(() => requirePlatform("linux", 1000)).toThrow(
      /as root \(run the same command with `sudo`\)/,
    );
    expect(() => requirePlatform("linux", 0)).not.toThrow();
  });

  test("missing programs are named by their Debian packages", () => {
    const missing = missingPackages(packages, (program) => !/bridge|runc/.test(program));
    expect(missing).toEqual(["runc", "containernetworking-plugins"]);
  });
});

describe("routes that the cluster's addresses would hide", () => {
  const lan = { dst: "192.168.1.0/24", dev: "eth0" };
  test.each([
    ["a VPN that contains them", { dst: "10.0.0.0/8", dev: "tun0" }],
    ["a network inside the services' range", { dst: "10.96.12.0/24", dev: "eth1" }],
    ["a single host", { dst: "10.244.0.7", dev: "eth1" }],
  ])("%s is found", (_, route) => {
    expect(conflictingRoute([{ dst: "default", dev: "eth0" }, lan, route])).toEqual(route);
  });

  test.each([
    ["a neighbouring network", { dst: "10.97.0.0/16", dev: "eth1" }],
    ["our own interface", { dst: "10.96.0.0/16", dev: "mlops-node" }],
    ["everything else, which more precise routes precede", { dst: "default", dev: "eth0" }],
  ])("%s is none", (_, route) => {
    expect(conflictingRoute([lan, route])).toBeUndefined();
  });
});

describe("iptables", () => {
  const saved = `# Generated
*filter
:INPUT ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-FORWARD - [0:0]
:MLOPS-INPUT - [0:0]
-A INPUT -p tcp -m comment --comment "not -j MLOPS-INPUT" -j ACCEPT
-A INPUT -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A INPUT -j MLOPS-INPUT
-A INPUT -j DOCKER
-A KUBE-FORWARD -j ACCEPT
-A DOCKER -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -j DOCKER
COMMIT
`;

  test("removes our chains and the jumps to them, and nothing else", () => {
    expect(removalOf(saved)).toBe(`*filter
-D INPUT -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-D INPUT -j MLOPS-INPUT
-F KUBE-FORWARD
-F MLOPS-INPUT
-X KUBE-FORWARD
-X MLOPS-INPUT
COMMIT
`);
  });

  test("does nothing where no rule is ours", () => {
    expect(removalOf(saved.replaceAll(/^.*(KUBE|MLOPS)-.*\n/gm, ""))).toBe("");
  });

  test("closes the API server's port to the network", () => {
    expect(firewallRules(7001)).toContain("! -i lo -p tcp -m tcp --dport 7001 -j DROP");
  });

  test("closes every cloud's metadata server to pods", () => {
    for (const range of ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32"]) {
      expect(firewallRules(7001)).toContain(`-i mlops-pods -d ${range} -j REJECT`);
    }
  });
});

describe("processes", () => {
  const stat = (pid: number, session: number, state = "S") =>
    `${pid} (odd) name) ${state} 1 ${pid} ${session} 0`;
  const environ =
    "PATH=/bin\0MLOPS_LOCAL_CLUSTER=/cache/cluster\0MLOPS_LOCAL_COMPONENT=containerd\0";

  const ofRoot = "Uid:\t0\t0\t0\t0\n";

  test("a component leads its session; what it starts belongs to the cluster too", () => {
    const component = describeProcess(7, environ, "0::/\n", stat(7, 7), ofRoot);
    const shim = describeProcess(8, environ, "0::/\n", stat(8, 7), ofRoot);
    expect(component).toMatchObject({ state: "/cache/cluster", component: "containerd" });
    expect(shim).toMatchObject({ state: "/cache/cluster", component: undefined });
  });

  test.each([
    ["version 1", "9:pids:/\n8:memory:/mlops-local/kubepods/pod1/c1\n"],
    ["version 2", "0::/mlops-local/kubepods/pod1/c1\n"],
  ])("whatever runs in a pod is found by its control group (%s)", (_, cgroups) => {
    const init = describeProcess(9, "HOME=/tmp\0", cgroups, stat(9, 9), "NSpid:\t9\t1\n");
    const child = describeProcess(10, "HOME=/tmp\0", cgroups, stat(10, 9), "NSpid:\t10\t14\n");
    expect([init, child]).toEqual([
      { pid: 9, isContainerInit: true },
      { pid: 10, isContainerInit: false },
    ]);
  });

  test("other processes, dead ones, and groups with a similar name are not ours", () => {
    const similar = "0::/mlops-local-tools/x\n";
    expect(describeProcess(11, "HOME=/root\0", similar, stat(11, 11), "")).toBeUndefined();
    expect(describeProcess(12, environ, "0::/\n", stat(12, 12, "Z"), ofRoot)).toBeUndefined();
    expect(describeProcess(13, "", "", "", "")).toBeUndefined();
  });

  test("a component that an earlier version started is recognized by its command line", () => {
    const component = { name: "etcd", command: "/bin/1/cluster", args: ["etcd", "--name=ü"] };
    const printed = Buffer.from("/bin/1/cluster\0etcd\0--name=ü\0").toString("latin1");
    const isNow = (running: Map<string, string>) => isCurrent(component, running);
    expect(isNow(new Map([["etcd", printed]]))).toBe(true);
    expect(isNow(new Map([["etcd", printed.replace("/1/", "/0/")]]))).toBe(false);
    expect(isNow(new Map([["containerd", "containerd\0"]]))).toBe(true); // not started yet
  });

  test.each([
    ["another user's program", "Uid:\t1000\t1000\t1000\t1000\n"],
    ["a setuid program that another user runs", "Uid:\t1000\t0\t0\t0\n"],
  ])("the variables of %s make it no cluster", (_, status) => {
    expect(describeProcess(14, environ, "0::/\n", stat(14, 14), status)).toBeUndefined();
  });

  const asRoot = process.getuid?.() === 0 && process.platform === "linux" ? test : test.skip;
  asRoot("a user's variable neither stops `up` nor appears in what it prints", async () => {
    const child = spawn("sleep", ["60"], {
      uid: 65534,
      env: { MLOPS_LOCAL_CLUSTER: "/usr/cluster; rm -rf /", MLOPS_LOCAL_COMPONENT: "etcd" },
    });
    await once(child, "spawn");
    try {
      expect(otherCluster(paths)).not.toBe("/usr/cluster; rm -rf /");
      expect(listProcesses().map(({ pid }) => pid)).not.toContain(child.pid);
    } finally {
      child.kill();
    }
  });
});

test("mounts are taken deepest first, and only those below the folder", () => {
  const line = (path: string) => `36 35 0:50 / ${path} rw shared:1 - tmpfs tmpfs rw`;
  const mountinfo = ["/", "/cache/cluster/a", "/cache/cluster/a/b\\040c", "/cache/cluster2"]
    .map(line)
    .join("\n");
  expect(mountsBelow("/cache/cluster", mountinfo)).toEqual([
    "/cache/cluster/a/b c",
    "/cache/cluster/a",
  ]);
});

describe("DNS", () => {
  test("forwards other names to the machine's name servers", () => {
    const resolvConf = "# comment\nsearch corp\nnameserver 10.0.0.2\n nameserver\tfd00::1\n";
    expect(upstreamServers(resolvConf)).toEqual(["10.0.0.2", "fd00::1"]);
    expect(corefile(paths, ["10.0.0.2"])).toContain("  forward . 10.0.0.2\n");
  });

  test("never forwards to itself", () => {
    expect(upstreamServers("nameserver 10.244.255.1\n")).toEqual([]);
  });

  test("answers the cluster's names on a machine without name servers", () => {
    expect(corefile(paths, [])).not.toContain("forward");
    expect(corefile(paths, [])).toContain("kubernetes cluster.local");
  });
});

test("the kubeconfig has the context mlops-local on the loopback address and needs no other file", () => {
  const pem = { ca: "CA", certificate: "CERT", key: "KEY" };
  const config = JSON.parse(kubeconfig("admin", 7001, pem)) as Record<string, unknown>;
  expect(config).toMatchObject({
    "current-context": "mlops-local",
    contexts: [{ name: "mlops-local", context: { cluster: "mlops-local", user: "admin" } }],
    clusters: [{ cluster: { server: "https://127.0.0.1:7001" } }],
    users: [{ user: { "client-key-data": Buffer.from("KEY").toString("base64") } }],
  });
});

test("no program of the cluster depends on the name of the cache folder, except for its volumes", () => {
  const cache = `/My Drive - Büro (1), a:b/${"deep".repeat(40)}`;
  const there = clusterPaths(cache);
  const seen = mountedPaths(there);
  const programs = { cluster: "cluster", pause: "pause" };
  const { foundation, rest } = components(seen, programs, 6443);
  const told = [...foundation, ...rest].flatMap(({ args }) => args);
  expect(told.filter((argument) => argument.includes("Büro"))).toEqual([
    `-root=${cache}/cluster/volumes`,
  ]);
  const configs = [containerdConfig, cniConfig, kubeletConfig, proxyConfig];
  for (const config of configs) expect(config(seen)).not.toContain("Büro");
  expect(corefile(seen, [])).not.toContain("Büro");
  expect(there.containerdSocket.length).toBeLessThan(108);
});

test("no component listens on the machine's network, except the API server behind its rule", () => {
  const programs = { cluster: "cluster", pause: "pause" };
  const { foundation, rest } = components(paths, programs, 6443);
  const open = [...foundation, ...rest].flatMap(({ args }) =>
    args.filter((argument) => /0\.0\.0\.0|https?:\/\/(?!kubernetes\.default)/.test(argument)),
  );
  expect(open).toEqual(["--bind-address=0.0.0.0"]);
});

test("the API server and helm report the module's versions", () => {
  const goMod = readFileSync(join(checkoutRoot, "local/cluster/go.mod"), "utf8");
  const { kubernetes, helm } = versions(goMod);
  expect(kubernetes.name).toMatch(/^v1\.35\.\d+$/);
  expect(kubernetes.flags).toContain(`.gitVersion=${kubernetes.name}+mlops-local `);
  expect(kubernetes.flags).toContain(".gitMinor=35");
  expect(helm.flags).toContain(`.version=${helm.name} `);
  expect(helm.flags).toContain(".k8sVersionMinor=35");
});
