import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { platformFlows } from "../../components/platform/platformFlows.ts";
import { addresses, apiPort } from "../../local/cluster/clusterLayout.ts";
import { sandboxImage } from "../../local/cluster/configs.ts";
import { run, sleep } from "../../local/support/process.ts";
import { type Address, dialFrom, inNetworkOf, processOf } from "../support/podNetwork.ts";
import type { KubeObject } from "./support/kube.ts";
import { api, namespace } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

/** Something that calls: a pod of the platform's namespace with its role, or of one without policies. */
interface Caller {
  readonly name: string;
  readonly uid: string;
  readonly isOutside: boolean;
}

/** Something that listens. Policies see the address behind a Service. */
interface Called extends Address {
  readonly name: string;
  readonly isPod: boolean;
  readonly seenAs: Address;
}

const connected = "connected";
const outside = "mlops-outside";
const internet = { host: "198.51.100.10", port: 443 };
const node = { host: addresses.node, isPod: false };

/** What people rely on, written down apart from the flows that the platform declares. */
const promised: [caller: string, called: string, isConnected: boolean][] = [
  ["prediction-app", "model-server:8080", true],
  ["prediction-app", "mlflow:5000", true],
  ["prediction-app", "prometheus:9090", true],
  ["prediction-app", "alertmanager:9093", false],
  ["prediction-app", "postgres:5432", false],
  ["prediction-app", "internet:443", false],
  ["model-server", "mlflow:5000", true],
  ["model-server", "postgres:5432", false],
  ["model-server", "prediction-app:8501", false],
  ["model-server", "internet:443", false],
  ["model-server", "kubelet:10250", false],
  ["training", "mlflow:5000", true],
  ["training", "prometheus-pushgateway:9091", true],
  ["training", "postgres:5432", false],
  ["training", "api-server:443", false],
  ["training", "internet:443", false],
  ["mlflow", "postgres:5432", true],
  ["mlflow", "model-server:8080", false],
  ["mlflow", "internet:443", false],
  ["postgres", "mlflow:5000", false],
  ["prometheus", "mlflow:9464", true],
  ["prometheus", "kubelet:10250", true],
  ["prometheus", "node-exporter:9100", true],
  ["prometheus", "api-server:443", true],
  ["prometheus", "postgres:5432", false],
  ["prometheus", "internet:443", false],
  ["without-role", "mlflow:5000", false],
  ["without-role", "model-server:8080", false],
  ["without-role", "internet:443", false],
  [outside, "postgres:5432", false],
  [outside, "prometheus:9090", false],
  [outside, "mlflow:9464", false],
  [outside, "internet:443", true],
];

/** Every pod of the platform tries to connect to everything that listens. */
export function describeNetworkFlows(): void {
  const strangers = [
    standIn(namespace, "training"), // has no pod of its own between two trainings
    standIn(namespace, "without-role"),
    standIn(outside, outside),
  ];

  beforeAll(async () => {
    await api().call("POST", "/api/v1/namespaces", { metadata: { name: outside } });
    await waitUntil("the namespace is ready", 10, () =>
      api().get(`/api/v1/namespaces/${outside}/serviceaccounts/default`),
    );
    for (const pod of strangers) await api().call("POST", podsOf(pod.metadata.namespace), pod);
  });

  afterAll(async () => {
    const now = "gracePeriodSeconds=0";
    for (const { metadata } of strangers) {
      await api().call("DELETE", `${podsOf(metadata.namespace)}/${metadata.name}?${now}`);
    }
    await api().call("DELETE", `/api/v1/namespaces/${outside}`);
  });

  // SECURITY.md: Traffic is denied by default and allowed flow by flow, where the cluster's network plugin
  // enforces NetworkPolicies. SECURITY.md: The local cluster enforces them: it refuses every connection
  // that no flow allows. SECURITY.md: The prediction page reaches the model servers, and of the other services only
  // MLflow, Grafana and Prometheus, to show their health.
  test("every declared flow connects, and every other connection is refused", async () => {
    await withInternet(async () => {
      const pods = await waitUntil("the pods run", 30, async () => {
        const all = [...(await api().pods(namespace)), ...(await api().pods(outside))];
        const isRunning = ({ status }: KubeObject) => status?.phase === "Running";
        const added = strangers.map(({ metadata }) => metadata.name);
        return (
          added.every((name) => all.some((pod) => pod.metadata.name === name && isRunning(pod))) &&
          all.filter(isRunning)
        );
      });
      const called = listeners(pods);
      const here = await dialFrom(process.pid, called);
      expect(called.filter((_, index) => here[index] !== connected)).toEqual([]);

      const callers = pods.map(callerOf);
      const expected = answersOf(callers, called, (from) =>
        called.map((to) => isDeclared(from, to)),
      );
      for (const [from, to, isConnected] of promised) {
        expect([from, to, expected[`${from} > ${to}`]]).toEqual([from, to, isConnected]);
      }
      const real = async () => {
        const answers = callers.map(({ uid }) => dialFrom(processOf(uid), called));
        const found = new Map(
          (await Promise.all(answers)).map((all, index) => [callers[index], all]),
        );
        return answersOf(callers, called, (from) =>
          // the kernel refuses a few in a second and leaves the rest to time out
          found.get(from)!.map((answer) => answer === connected),
        );
      };
      // a pod is known to the policies a moment after it has started
      await waitUntil("the policies know the new pods", 20, async () => {
        expect(await real()).toEqual(expected);
        return true;
      });
      expect(await real()).toEqual(expected);
    });
  });
}

const podsOf = (where: string) => `/api/v1/namespaces/${where}/pods`;

/** A pod that only has an address. */
function standIn(where: string, name: string) {
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: 65534,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
  return {
    metadata: { name, namespace: where, labels: { "app.kubernetes.io/name": name } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: "pause", image: sandboxImage, imagePullPolicy: "Never", securityContext },
      ],
    },
  };
}

const roleOf = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/name"] ?? "";

const callerOf = (pod: KubeObject): Caller => ({
  name: roleOf(pod),
  uid: pod.metadata.uid,
  isOutside: roleOf(pod) === outside,
});

/** Every port that a pod of the platform declares, and what it may want of the node and of the world. */
function listeners(pods: KubeObject[]): Called[] {
  const ofPods = pods.flatMap((pod) => {
    const { containers } = pod.spec as { containers: { ports?: { containerPort: number }[] }[] };
    const host = (pod.status as { podIP: string }).podIP;
    return containers
      .flatMap(({ ports = [] }) => ports)
      .map(({ containerPort: port }) => ({ name: roleOf(pod), isPod: true, host, port }));
  });
  const others = [
    { ...node, name: "kubelet", port: 10250 },
    { ...node, name: "node-exporter", port: 9100 },
    { ...internet, name: "internet", isPod: false },
  ];
  const apiServer = {
    ...{ name: "api-server", isPod: false, host: addresses.apiService, port: 443 },
    seenAs: { host: addresses.node, port: apiPort() },
  };
  return [...[...ofPods, ...others].map((one) => ({ ...one, seenAs: one })), apiServer];
}

/** By caller and called; what a pod says to its own kind is left out, for a pod reaches itself in any case. */
function answersOf(
  callers: Caller[],
  called: Called[],
  answers: (from: Caller) => boolean[],
): Record<string, boolean | "differs from pod to pod"> {
  const all: ReturnType<typeof answersOf> = {};
  for (const from of callers) {
    for (const [index, answer] of answers(from).entries()) {
      const { name, port } = called[index]!;
      if (name === from.name) continue;
      const key = `${from.name} > ${name}:${port}`;
      all[key] = (all[key] ?? answer) === answer ? answer : "differs from pod to pod";
    }
  }
  return all;
}

const flows = platformFlows({
  images: { tracking: "", predict: "" },
  models: [{ name: "diabetes-progression", image: "", nodePort: 31345 }],
  tracking: { nodePort: 30001 },
  prediction: { nodePort: 31344 },
  apiServerAddresses: [`${addresses.node}/32`],
});

/** Whether the flows let one call the other: both ends have to agree, as far as they are the platform's. */
function isDeclared(from: Caller, { name, isPod, seenAs }: Called): boolean {
  const ofPort = flows.filter(({ port }) => port === seenAs.port);
  const mayCall = ofPort.some(
    (flow) =>
      flow.from === from.name &&
      (flow.to === undefined
        ? (flow.toAddresses?.includes(`${seenAs.host}/32`) ?? true)
        : flow.to === name),
  );
  const mayBeCalled = ofPort.some(
    (flow) => flow.to === name && (flow.from === undefined || flow.from === from.name),
  );
  return (from.isOutside || mayCall) && (!isPod || mayBeCalled);
}

/** Something that listens beyond this machine's network, as far as pods can see. */
async function withInternet(work: () => Promise<void>): Promise<void> {
  const far = spawn("unshare", ["--net", "sleep", "120"]);
  await once(far, "spawn");
  const near = "mlops-internet";
  try {
    const own = readlinkSync("/proc/self/ns/net");
    while (readlinkSync(`/proc/${far.pid}/ns/net`) === own) await sleep(20);
    const { pid } = far as { pid: number };
    await run("ip", ["link", "add", near, "type", "veth", "peer", "eth0", "netns", String(pid)]);
    await run("ip", ["addr", "add", "198.51.100.1/24", "dev", near]);
    await run("ip", ["link", "set", near, "up"]);
    await inNetworkOf(pid, "ip", "addr", "add", `${internet.host}/24`, "dev", "eth0");
    await inNetworkOf(pid, "ip", "link", "set", "eth0", "up");
    const program = `require("node:net").createServer((socket) => socket.end()).listen(${internet.port})`;
    const server = spawn("nsenter", [
      ...["--net", `--target=${pid}`, process.execPath],
      ...["-e", program],
    ]);
    try {
      await waitUntil("the far end listens", 10, async () => {
        const [answer] = await dialFrom(process.pid, [internet]);
        return answer === connected;
      });
      await work();
    } finally {
      server.kill();
    }
  } finally {
    await run("ip", ["link", "delete", near]).catch(() => {}); // was not made yet
    far.kill();
  }
}
