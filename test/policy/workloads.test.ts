import { container, describeRule, unknownText, workload } from "./judged.ts";

const kinds = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];
const every = (pod: object) => kinds.map((kind) => workload(pod, kind));
const inits = (more: object) => ({ initContainers: [{ name: "first", ...more }], containers: [] });

describeRule("floating-image", {
  "an exact tag": [
    workload(container({ image: "registry.example.org:5000/mlops/web:3.17.2" })),
    [],
  ],
  "a tag of content": [workload(container({ image: "localhost/mlops/web:sha-0a1b2c3d" })), []],
  "a digest": [workload(container({ image: `web:latest@sha256:${"a".repeat(64)}` })), []],
  "known only later": [workload(container({ image: unknownText })), []],
  "no image": [workload(container()), []],
  "the newest, in every kind of workload": [
    every(container({ image: "web:latest" })),
    kinds.map(() => '"web": container main runs web:latest, which may change; name a tag'),
  ],
  "no tag": [workload(container({ image: "web" })), ["runs web"]],
  "the port of a registry is no tag": [
    workload(container({ image: "registry.example.org:5000/web" })),
    ["runs registry.example.org:5000/web"],
  ],
  "a moving tag of an init container": [
    workload(inits({ image: "web:main" })),
    ["container first"],
  ],
  "a chart of an exact version": [
    {
      type: "kubernetes:helm.sh/v3:Release",
      props: { chart: "oci://x/prometheus", version: "29.27.0" },
    },
    [],
  ],
  "a chart in a folder": [
    { type: "kubernetes:helm.sh/v3:Release", props: { chart: "./charts/prometheus" } },
    [],
  ],
  "the newest chart": [
    { type: "kubernetes:helm.sh/v3:Release", props: { chart: "oci://x/prometheus" } },
    ["installs whatever version of the chart oci://x/prometheus is newest; set version"],
  ],
  "a chart with a moving image": [
    {
      type: "kubernetes:helm.sh/v3:Release",
      props: { chart: "/charts/x", values: { server: { image: { tag: "latest" } } } },
    },
    ["values.server.image.tag is latest"],
  ],
});

const resources = {
  requests: { cpu: "100m", memory: "64Mi" },
  limits: { memory: "64Mi" },
};

describeRule("requests-and-limits", {
  "all said": [every(container({ resources })), []],
  "known only later": [workload(container({ resources: unknownText })), []],
  "one value known only later": [
    workload(container({ resources: { ...resources, limits: { memory: unknownText } } })),
    [],
  ],
  "nothing said": [
    workload(container()),
    [
      'Deployment "web": container main has no requests.cpu, requests.memory, limits.memory; set resources',
    ],
  ],
  "no limit": [
    workload(container({ resources: { requests: resources.requests } })),
    ["has no limits.memory"],
  ],
  "empty words": [
    workload(container({ resources: { ...resources, limits: { memory: "" } } })),
    ["has no limits.memory"],
  ],
  "an init container": [workload(inits({})), ["container first"]],
});

const node = { namespace: "mlops-node-exporter" };
const hostPort = { ports: [{ containerPort: 80, hostPort: 80 }] };

describeRule("host-access", {
  "an ordinary pod": [every(container({ securityContext: { privileged: false } })), []],
  "the network of the node": [
    workload({ ...container(), hostNetwork: true }),
    ["its pods use hostNetwork; leave it out, or move it to node-exporter's namespace"],
  ],
  "processes of the node": [
    workload({ ...container(), hostPID: true, hostIPC: true }),
    ["hostPID", "hostIPC"],
  ],
  "a folder of the node": [
    workload({
      ...container(),
      volumes: [{ name: "root", hostPath: { path: "/" } }, { name: "tmp" }],
    }),
    ["volume root is a folder of the node"],
  ],
  "a privileged container": [
    workload(container({ securityContext: { privileged: true } })),
    ["container main is privileged"],
  ],
  "a port of the node": [workload(container(hostPort)), ["container main takes a hostPort"]],
  "all of it in node-exporter's namespace": [
    workload({ ...container(hostPort), hostNetwork: true, hostPID: true }, "DaemonSet", node),
    [],
  ],
  "a namespace of another name": [
    workload({ ...container(), hostNetwork: true }, "DaemonSet", {
      namespace: "node-exporter-not",
    }),
    ["hostNetwork"],
  ],
  "where it is allowed by configuration": [
    workload({ ...container(), hostNetwork: true }, "DaemonSet", { namespace: "agents" }),
    [],
    { namespaces: "^agents$" },
  ],
  "a namespace that is known only later": [
    workload({ ...container(), hostNetwork: true }, "DaemonSet", { namespace: unknownText }),
    [],
  ],
  "a volume of the cluster that is a folder of a node": [
    { type: "kubernetes:core/v1:PersistentVolume", props: { spec: { hostPath: { path: "/" } } } },
    ["is a folder of the node; leave it to a storage class"],
  ],
  "a container that is added later": [
    workload({ ephemeralContainers: [{ name: "debug", securityContext: { privileged: true } }] }),
    ["container debug is privileged"],
  ],
  "a privileged namespace": [
    {
      type: "kubernetes:core/v1:Namespace",
      name: "mlops",
      props: {
        metadata: { name: "mlops", labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
      },
    },
    ['Namespace "mlops": lets its pods access their node'],
  ],
  "node-exporter's own": [
    {
      type: "kubernetes:core/v1:Namespace",
      props: {
        metadata: {
          name: "mlops-node-exporter",
          labels: { "pod-security.kubernetes.io/enforce": "privileged" },
        },
      },
    },
    [],
  ],
});

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const ofPod = { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } };
const pod = (own: object, securityContext: object = ofPod, more: object = {}) => ({
  automountServiceAccountToken: false,
  securityContext,
  ...container({ securityContext: own }),
  ...more,
});

describeRule("restricted-pods", {
  "everything said, for the pod or the container": [
    [...every(pod(restricted)), ...every(pod({ ...restricted, ...ofPod }, {}))],
    [],
  ],
  "known only later": [workload(pod({}, {}, { containers: unknownText })), []],
  "a context that is known only later": [
    workload({
      automountServiceAccountToken: unknownText,
      securityContext: unknownText,
      ...container({ securityContext: unknownText }),
    }),
    [],
  ],
  "nothing said, in every kind of workload": [
    every({ automountServiceAccountToken: false, ...container() }),
    kinds.map(
      () =>
        '"web": container main needs runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities.drop: [ALL], seccompProfile RuntimeDefault in its securityContext',
    ),
  ],
  "a token of the API server": [
    workload(pod(restricted, ofPod, { automountServiceAccountToken: undefined })),
    ["gets a token of the API server; set automountServiceAccountToken to false"],
  ],
  "root, over what the pod says": [
    workload(pod({ ...restricted, runAsUser: 0, runAsNonRoot: false })),
    ["runAsNonRoot: true, a runAsUser that is not 0"],
  ],
  "a capability": [
    workload(pod({ ...restricted, capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } })),
    ["no capabilities.add (SYS_ADMIN)"],
  ],
  "a low port": [
    workload(pod({ ...restricted, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } })),
    [],
  ],
  "system calls without a filter": [
    workload(pod({ ...restricted, seccompProfile: { type: "Unconfined" } })),
    ["needs seccompProfile RuntimeDefault"],
  ],
  "a container before the others, and one that is added later": [
    workload(
      pod(restricted, ofPod, {
        initContainers: [{ name: "first" }],
        ephemeralContainers: [{ name: "debug" }],
      }),
    ),
    ["container first", "container debug"],
  ],
  "where pods may access their node": [workload(container(), "DaemonSet", node), []],
});
