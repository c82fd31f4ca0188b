import { join } from "node:path";
import {
  addresses,
  cgroup,
  clusterName,
  interfaces,
  nodeName,
  type ClusterPaths,
} from "./clusterLayout.ts";

/** Name in the StorageClass, see objects.yaml, by which the provisioner recognises the claims that are for it. */
export const provisioner = "mlops-local/folder";

/** Holds each pod's namespaces; made from pause and never pulled. */
export const sandboxImage = "localhost/mlops-local/pause:1";

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

export function containerdConfig(paths: ClusterPaths): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const text = JSON.stringify; // a TOML basic string is written like a JSON string
  return `version = 2
root = ${text(paths.containerd)}
state = ${text(join(paths.run, "containerd"))}
oom_score = 0
disabled_plugins = [
  "io.containerd.internal.v1.tracing", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = ${text(paths.containerdSocket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(join(paths.containerd, "opt"))}
[${cri}]
  sandbox_image = ${text(sandboxImage)}
  # Without CAP_SYS_RESOURCE, as in many containers and micro VMs, a lower score than ours is refused.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [${cri}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${text(join(paths.config, "cni"))}
  [${cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${cri}.containerd.runtimes.runc.options]
      Root = ${text(join(paths.run, "runc"))}
      SystemdCgroup = false
`;
}

/** Pods are connected to one bridge; masquerading and filtering are done once for the bridge, not per pod (see firewall.ts). */
export function cniConfig(paths: ClusterPaths): string {
  return json({
    cniVersion: "0.4.0",
    name: clusterName,
    plugins: [
      {
        type: "bridge",
        bridge: interfaces.bridge,
        isDefaultGateway: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: paths.addressLeases,
          ranges: [[{ subnet: addresses.pods }]],
        },
      },
    ],
  });
}

export function kubeletConfig(paths: ClusterPaths): string {
  return json({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: addresses.node,
    healthzPort: 0,
    authentication: {
      x509: { clientCAFile: join(paths.pki, "ca.crt") },
      webhook: { enabled: true },
      anonymous: { enabled: false },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(paths.pki, "kubelet.crt"),
    tlsPrivateKeyFile: join(paths.pki, "kubelet.key"),
    containerRuntimeEndpoint: `unix://${paths.containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    // Tolerates kernel settings and scores that a container or micro VM refuses to change.
    featureGates: { KubeletInUserNamespace: true },
    clusterDNS: [addresses.node],
    clusterDomain: "cluster.local",
    resolvConf: join(paths.config, "resolv.conf"),
    podLogsDir: paths.podLogs,
    volumePluginDir: join(paths.kubelet, "volume-plugins"),
    // 0% is never: on a full disk the kubelet would delete images that no registry has, and no pod would start again.
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "0%",
      "imagefs.available": "0%",
    },
    evictionPressureTransitionPeriod: "30s",
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: "10s",
    runtimeRequestTimeout: "2m",
  });
}

export function proxyConfig(paths: ClusterPaths): string {
  return json({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    clientConnection: { kubeconfig: join(paths.config, "proxy.kubeconfig") },
    hostnameOverride: nodeName,
    bindAddress: addresses.node,
    // its API on that port, with its whole configuration, must not be open to pods
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    clusterCIDR: addresses.pods,
    // NodePorts are for this machine's users, not for its network.
    nodePortAddresses: ["127.0.0.0/8"],
    iptables: { localhostNodePorts: true, syncPeriod: "5m" },
    oomScoreAdj: 0,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });
}

/** Upstream name servers for all other names; the cluster's own names need none of them. */
export function upstreamServers(resolvConf: string): string[] {
  return resolvConf
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((server): server is string => server !== undefined && server !== addresses.node)
    .slice(0, 3);
}

/**
 * The cluster's own names never leave CoreDNS, so whatever happens to the machine's name servers (none
 * at all, unreachable, slow) cannot break them. They are not cached either: a service created a moment
 * ago must resolve at once.
 */
export function corefile(paths: ClusterPaths, upstream: string[]): string {
  const lines = [
    `bind ${addresses.node}`,
    "errors",
    `ready ${addresses.node}:8181`,
    "cache 30 {",
    "  disable success cluster.local",
    "  disable denial cluster.local",
    "}",
    "kubernetes cluster.local in-addr.arpa ip6.arpa {",
    `  kubeconfig ${JSON.stringify(join(paths.config, "dns.kubeconfig"))}`,
    "  pods insecure",
    "  fallthrough in-addr.arpa ip6.arpa",
    "}",
    ...(upstream.length ? [`forward . ${upstream.join(" ")}`] : []),
  ];
  return `. {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

/** A kubeconfig of one user. Certificates are given as files' contents, so that it can be copied away. */
export function kubeconfig(
  user: string,
  port: number,
  pem: { ca: string; certificate: string; key: string },
): string {
  const base64 = (value: string) => Buffer.from(value).toString("base64");
  return json({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: clusterName,
        cluster: {
          server: `https://127.0.0.1:${port}`,
          "certificate-authority-data": base64(pem.ca),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": base64(pem.certificate),
          "client-key-data": base64(pem.key),
        },
      },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user } }],
    "current-context": clusterName,
  });
}
