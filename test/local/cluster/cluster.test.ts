import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { apiClient, apply } from "../../../local/cluster/api.ts";
import {
  clusterStatus,
  deleteCluster,
  hasImage,
  importImages,
  startCluster,
  stopCluster,
} from "../../../local/cluster/index.ts";
import { clusterPaths } from "../../../local/cluster/clusterLayout.ts";
import { listProcesses, signal } from "../../../local/cluster/processes.ts";
import { ensureRequirements } from "../../../local/cluster/requirements.ts";
import { cacheRoot, claimCache } from "../../../local/support/cache.ts";
import { mountsBelow } from "../../../local/support/mounts.ts";
import { run, which } from "../../../local/support/process.ts";
import {
  askProbe,
  deployProbe,
  deployScaled,
  probeGroup,
  probeImage,
  writeProbeArchive,
  probeNodePort,
} from "./clusterProbe.ts";
import { waitUntil } from "../../e2e/support/wait.ts";
import { dialFrom, inNetworkOf, processOf } from "../../support/podNetwork.ts";
import {
  dialFromPod,
  dialHere,
  listen,
  machineAddresses,
  withIntruder,
} from "../../cli/clusterReach.ts";

/** Why the cluster cannot be tried here, if it cannot. */
function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  const other = listProcesses().find(({ state }) => state !== undefined)?.state;
  if (other) return `a local cluster runs already, from ${other}`;
  if (!which("go")) return "needs Go";
  return undefined;
}

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;

interface Pod {
  metadata: { uid: string };
  status: { phase: string; podIP: string };
}

interface Autoscaler {
  status: {
    desiredReplicas: number;
    currentMetrics?: { resource: { current: { averageUtilization: number } } }[];
  };
}

/** Everything on the machine that a cluster might leave behind. Chains that iptables itself makes are left out. */
async function machine() {
  const rules = (await run("iptables-save", [])) + (await run("ip6tables-save", []));
  const links = JSON.parse(await run("ip", ["-json", "link"])) as { ifname: string }[];
  const fixedFolders = [
    ...["/run/containerd", "/run/mlops-local", "/opt/containerd"],
    ...["/var/lib/cni", "/var/lib/kubelet"],
  ];
  const mounted = readFileSync("/proc/self/mountinfo", "utf8");
  const groups = readdirSync("/sys/fs/cgroup").map((name) => join("/sys/fs/cgroup", name));
  return {
    rules: rules.split("\n").filter((line) => /^-A|^:(KUBE|MLOPS|CNI)/.test(line)),
    links: links.map(({ ifname }) => ifname).sort(),
    routes: await run("ip", ["route"]),
    namespaces: await run("ip", ["netns", "list"]),
    mounts: [...fixedFolders, "/run/netns"].flatMap((folder) => mountsBelow(folder, mounted)),
    forwarding: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
    overcommit: readFileSync("/proc/sys/vm/overcommit_memory", "utf8"),
    panic: readFileSync("/proc/sys/kernel/panic", "utf8"),
    localnet: readFileSync("/proc/sys/net/ipv4/conf/all/route_localnet", "utf8"),
    groups: groups.flatMap((path) => [path, join(path, "mlops-local")]).filter(existsSync),
    files: fixedFolders.filter(existsSync),
    podLogs: existsSync("/var/log/containers"),
    sets: await run("ipset", ["list", "-name"]),
    processes: listProcesses(),
  };
}

suite(`the local cluster${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(45 * 60_000); // the first start builds Kubernetes

  const podsOf = async (app: string): Promise<Pod[]> => {
    const path = `/api/v1/namespaces/probe/pods?labelSelector=app%3D${app}`;
    const { text } = await apiClient(paths, port)("GET", path);
    return (JSON.parse(text) as { items: Pod[] }).items;
  };

  const before = process.env;
  const temporary = mkdtempSync(join(tmpdir(), "mlops-cluster-"));
  // as people have them, and longer than a socket's path may be
  const folder = join(temporary, "My Drive - Büro (1), a:b", "folder in a folder".repeat(4));
  const root = cacheRoot({ MLOPS_CACHE_DIR: folder });
  const paths = clusterPaths(root);
  let port: number;
  let machineBefore: Awaited<ReturnType<typeof machine>>;

  beforeAll(async () => {
    await ensureRequirements(console.error); // what looks at the machine comes with the packages
    await run("iptables-save", []); // loads its kernel modules
    const built = clusterPaths(claimCache()).programs;
    await mkdir(built, { recursive: true });
    claimCache(root);
    await deleteCluster(); // what a cluster that was killed left on the machine is not to be found missing later
    symlinkSync(built, join(root, "bin")); // nothing is built twice
    const free = await listen("127.0.0.1");
    await free.close();
    port = free.port;
    process.env = { ...before, MLOPS_CACHE_DIR: folder, MLOPS_API_PORT: String(port) };
    machineBefore = await machine();
  });

  afterAll(async () => {
    await deleteCluster();
    process.env = before;
    rmSync(temporary, { recursive: true, force: true });
  });

  test("says which port is taken, and how to choose another", async () => {
    const taken = await listen("127.0.0.1", port);
    await expect(startCluster()).rejects.toThrow(
      new RegExp(`^Port ${port}, .* is already taken; .*MLOPS_API_PORT=6443$`),
    );
    await taken.close();
  });

  test("starts, and two starts at once become one cluster", async () => {
    const waits: string[] = [];
    const first = startCluster();
    const second = startCluster({ onProgress: (message) => waits.push(message) });
    const handle = await first;
    expect(await second).toEqual(handle);
    expect(handle).toEqual({
      kubeconfig: join(root, "cluster/kubeconfig"),
      context: "mlops-local",
      nodeAddress: "127.0.0.1",
      controlPlaneAddress: "10.244.255.1",
    });
    expect(waits).toContain(
      `waiting for process ${process.pid}, which is starting the local cluster`,
    );
    expect((await clusterStatus()).state).toBe("running");
  });

  test("returns within a second when it already runs", async () => {
    const started = Date.now();
    await startCluster();
    expect(Date.now() - started).toBeLessThan(1_000);
  });

  test("runs a restricted pod with a volume, a NodePort and DNS", async () => {
    expect(await hasImage(probeImage)).toBe(false);
    await importImages(await writeProbeArchive(root));
    expect(await hasImage(probeImage)).toBe(true);
    const api = apiClient(paths, port);
    await deployProbe(api);
    await Promise.all([deployScaled(api, "busy"), deployScaled(api, "idle")]); // measured meanwhile

    expect(await askProbe("value", "kept")).toBe("written");
    expect(await askProbe("volume-group")).toBe(probeGroup);
    expect(await askProbe("lookup/probe")).toMatch(/^\[10\.96\.\d+\.\d+\]$/);
    expect(await askProbe("lookup/probe.probe.svc.cluster.local")).toMatch(/^\[10\.96\./);
    expect(await askProbe("dial/probe:80")).toBe("connected");
    expect(await askProbe("dial/kubernetes.default:443")).toBe("connected");
  });

  test("forgets a connection that a NodePort without endpoints refused", async () => {
    const nodePort = probeNodePort - 1;
    const api = apiClient(paths, port);
    const select = (app: string) =>
      apply(api, "/api/v1/namespaces/probe/services/later", {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "later", namespace: "probe" },
        spec: { type: "NodePort", selector: { app }, ports: [{ port: 8080, nodePort }] },
      });
    const { port: source, close } = await listen("127.0.0.1");
    await close();
    const dial = (localPort?: number) => dialHere("127.0.0.1", nodePort, localPort);

    await select("nobody");
    await waitUntil("kube-proxy knows that it has no endpoints", 30, async () =>
      (await run("iptables-save", ["-t", "filter"])).includes(`--dport ${nodePort} `),
    );
    expect(await dial(source)).toMatch(/ECONNREFUSED/);
    await select("probe");
    await waitUntil("the probe serves", 30, async () => (await dial()) === "connected");
    expect(await dial(source)).toBe("connected");
  });

  test("sends nothing for an unknown service or pod to the machine's network", async () => {
    expect(await run("ip", ["route", "get", "10.96.200.200"])).toContain("dev mlops-node");
    expect(await run("ip", ["route", "get", "10.244.7.7"])).toContain("dev mlops-node");
    expect(await askProbe("dial/10.96.200.200:80")).toMatch(/no route to host|timed out/);
  });

  test("answers no pod by any address of the machine", async () => {
    const service = await listen("::");
    const refused = /connection refused|network is unreachable/;
    try {
      const known = await machineAddresses();
      expect(known.map(({ address }) => address)).toEqual(
        expect.arrayContaining(["127.0.0.1", "10.244.0.1", "10.244.255.1"]),
      );
      for (const { address, isForLink } of known) {
        const [here, there] = isForLink ? ["%mlops-pods", "%eth0"] : ["", ""];
        expect(await dialHere(address + here, service.port)).toBe("connected");
        expect(await dialFromPod(address + there, service.port)).toMatch(refused);
      }
      await withIntruder(async (dial) => {
        expect(await dial("10.244.255.1", 53)).toBe("connected");
        expect(await dial("127.0.0.1", service.port)).toBe("no answer");
        expect(await dial("127.0.0.1", probeNodePort)).toBe("no answer");
      });
    } finally {
      await service.close();
    }
  });

  // SECURITY.md: On the local cluster no pod reaches a service of the machine, except DNS, the API
  // server through its Service, kubelet, which requires a token, and node-exporter.
  test("opens the node to pods for DNS, kubelet's metrics and the API server's Service only", async () => {
    expect(await dialHere("127.0.0.1", 10249)).toBe("connected"); // kube-proxy's configuration
    const answers = [53, 10250, port, 8181, 10249, 10256].map((one) =>
      dialFromPod("10.244.255.1", one),
    );
    expect(await Promise.all(answers)).toEqual([
      "connected",
      "connected",
      ...Array<unknown>(4).fill(expect.stringContaining("connection refused")),
    ]);
    expect(await dialFromPod("10.96.0.1", 443)).toBe("connected");
  });

  // SECURITY.md: No pod reaches the metadata server of a cloud, and no other machine reaches pods
  // or the API server.
  test("gives no pod the cloud identity of the machine", async () => {
    expect(await dialFromPod("169.254.169.254", 80)).toContain("connection refused");
  });

  test("NetworkPolicies isolate a pod, allow what they name, and open no port of the machine", async () => {
    const api = apiClient(paths, port);
    const [idle] = await podsOf("idle");
    const { podIP } = idle!.status;
    const policy = (name: string, spec: object) =>
      apply(api, `/apis/networking.k8s.io/v1/namespaces/probe/networkpolicies/${name}`, {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name, namespace: "probe" },
        spec,
      });
    expect(await dialFromPod(podIP, 8080)).toBe("connected");

    await policy("closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    await waitUntil("the pod is closed", 10, async () => {
      expect(await dialFromPod(podIP, 8080)).toContain("connection refused");
      return true;
    });
    expect(await dialHere(podIP, 8080)).toBe("connected"); // probes come from the node
    expect(await askProbe("value")).toBe("kept"); // and so do NodePorts
    expect(await dialFromPod("10.96.0.1", 443)).toContain("connection refused");
    expect(await dialFromPod("10.244.255.1", 10250)).toContain("connection refused");
    expect(await askProbe("lookup/probe")).toMatch(/^\[10\.96\./); // DNS is a process of the node
    const [own, other] = [idle!, (await podsOf("probe"))[0]!].map((pod) =>
      processOf(pod.metadata.uid),
    );
    const [linkLocal] = /fe80:[0-9a-f:]+/.exec(await inNetworkOf(own!, "ip", "-6", "addr")) ?? [];
    if (linkLocal) {
      const address = { host: `${linkLocal}%eth0`, port: 8080 };
      expect(await dialFrom(own!, [address])).toEqual(["connected"]);
      expect(await dialFrom(other!, [address])).not.toEqual(["connected"]);
    }

    await policy("open", { podSelector: {}, egress: [{}], ingress: [{}], policyTypes: ["Egress"] });
    await waitUntil("pods may call anything", 10, async () => {
      expect(await dialFromPod("10.96.0.1", 443)).toBe("connected");
      return true;
    });
    expect(await dialFromPod(podIP, 8080)).toContain("connection refused"); // the called pod has a say
    expect(await dialFromPod("10.244.255.1", port)).toContain("connection refused");
    expect(await dialFromPod("169.254.169.254", 80)).toContain("connection refused");
    const from = [{ podSelector: { matchLabels: { app: "probe" } } }];
    await policy("called", {
      podSelector: { matchLabels: { app: "idle" } },
      ingress: [{ from, ports: [{ protocol: "TCP", port: 8080 }] }],
    });
    await waitUntil("the named caller gets through", 10, async () => {
      expect(await dialFromPod(podIP, 8080)).toBe("connected");
      return true;
    });
  });

  test("scales a Deployment with the load of its pods", async () => {
    const api = apiClient(paths, port);
    const autoscaler = async (name: string) => {
      const all = "/apis/autoscaling/v2/namespaces/probe/horizontalpodautoscalers";
      const { status } = JSON.parse((await api("GET", `${all}/${name}`)).text) as Autoscaler;
      return { pods: status.desiredReplicas, load: status.currentMetrics?.[0]?.resource.current };
    };
    await waitUntil("a second busy pod is started", 90, async () => {
      expect((await autoscaler("busy")).pods).toBe(2);
      const phases = (await podsOf("busy")).map(({ status }) => status.phase);
      expect(phases).toEqual(["Running", "Running"]);
      return true;
    });
    expect((await autoscaler("busy")).load?.averageUtilization).toBeGreaterThan(100);
    const idle = await waitUntil("the idle pod is measured", 60, async () => {
      const { load, pods } = await autoscaler("idle");
      return load && { pods, load: load.averageUtilization };
    });
    expect(idle).toEqual({ pods: 1, load: expect.any(Number) });
    expect(idle.load).toBeLessThan(50);
  });

  test("keeps secrets, keys and the kubeconfig from other users", async () => {
    const readable = await run("find", [paths.state, "-maxdepth", "0", "-perm", "/go=rwx"]);
    expect(readable).toBe("");
    const keys = ["-perm", "/go=rwx", "(", "-name", "*.key", "-o", "-name", "*kubeconfig", ")"];
    expect(await run("find", [paths.pki, paths.config, paths.kubeconfig, ...keys])).toBe("");
  });

  test("restarts a component that ended, without touching the pods", async () => {
    const apiserver = listProcesses().filter(({ component }) => component === "kube-apiserver");
    const pods = listProcesses().filter(({ state }) => state === undefined);
    signal(apiserver, "SIGKILL");
    await startCluster();
    expect(listProcesses().filter(({ state }) => state === undefined)).toEqual(pods);
    expect(await askProbe("value")).toBe("kept");
  });

  test("starts after everything was killed at once, with the data intact and no address given to another pod", async () => {
    const addresses = () =>
      readdirSync(paths.addressLeases, { recursive: true, encoding: "utf8" })
        .map((file) => basename(file))
        .filter((file) => /^\d+(\.\d+){3}$/.test(file));
    const before = addresses();
    signal(listProcesses(), "SIGKILL");
    await startCluster();
    expect(await askProbe("value")).toBe("kept");
    const pods = await waitUntil("every pod has an address", 60, () => {
      const now = addresses();
      return now.length >= before.length && now;
    });
    expect(pods.filter((address) => before.includes(address))).toEqual([]);
    expect(await askProbe("lookup/probe")).toMatch(/^\[10\.96\./);
  });

  test("stops within 15 seconds and keeps the data", async () => {
    const started = Date.now();
    await stopCluster();
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(await machine()).toEqual(machineBefore);
    expect((await clusterStatus()).state).toBe("stopped");
    await expect(importImages("any.tar")).rejects.toThrow(/is not running; start it with/);

    await startCluster();
    expect(await askProbe("value")).toBe("kept");
  });

  test("leaves nothing behind when it is deleted", async () => {
    await deleteCluster();
    expect(await machine()).toEqual(machineBefore);
    expect(mountsBelow(root, readFileSync("/proc/self/mountinfo", "utf8"))).toEqual([]);
    expect(readdirSync(root).filter((name) => name.startsWith("cluster"))).toEqual([]);
    expect((await clusterStatus()).state).toBe("absent");
  });
});
