import { join } from "node:path";
import { provisioner } from "./configs.ts";
import { addresses, nodeName, type ClusterPaths } from "./clusterLayout.ts";
import type { Programs } from "./programs.ts";

export interface Component {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/**
 * The processes of the cluster, in the order they are started. The first group needs nothing, the
 * second an API server. GOGC trades a little processor time for a third less memory.
 */
export function components(
  paths: ClusterPaths,
  programs: Programs,
  port: number,
): { foundation: Component[]; rest: Component[] } {
  const pki = (file: string) => join(paths.pki, file);
  const config = (file: string) => join(paths.config, file);
  const etcdSocket = `unix://${join(paths.run, "etcd.sock")}`;
  // Where etcd insists on host:port, this is a socket of that name in the working folder.
  const advertised = "unix://etcd:1";
  const peerSocket = "unix://etcd-peer:1";
  const component = (name: string, args: string[]): Component => ({
    name,
    command: programs.cluster,
    args: [name, ...args],
    env: { GOGC: "50" },
  });

  const etcd = component("etcd", [
    "--name=local",
    `--data-dir=${paths.etcd}`,
    // Sockets in a private folder: on a port, every user of the machine could read every secret.
    `--listen-client-urls=${etcdSocket}`,
    `--advertise-client-urls=${advertised}`,
    `--listen-peer-urls=${peerSocket}`,
    `--initial-advertise-peer-urls=${peerSocket}`,
    `--initial-cluster=local=${peerSocket}`,
    // The kernel keeps what was written when processes are killed; only a power loss can lose the last
    // second. A disk that is busy with image builds would otherwise hold up every write for as long.
    "--unsafe-no-fsync",
    "--log-level=warn",
  ]);
  const containerd: Component = {
    name: "containerd",
    command: "containerd",
    args: ["--config", config("containerd.toml"), "--log-level", "warn"],
  };
  const apiserver = component("kube-apiserver", [
    `--etcd-servers=${etcdSocket}`,
    // Pods reach it on the node's address, users on the loopback address; firewall.ts closes all others.
    "--bind-address=0.0.0.0",
    `--advertise-address=${addresses.node}`,
    `--secure-port=${port}`,
    "--anonymous-auth=false",
    "--authorization-mode=RBAC", // without Node: see the node's rights in objects.ts
    "--allow-privileged=true",
    `--client-ca-file=${pki("ca.crt")}`,
    `--tls-cert-file=${pki("apiserver.crt")}`,
    `--tls-private-key-file=${pki("apiserver.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${pki("service-accounts.pub")}`,
    `--service-account-signing-key-file=${pki("service-accounts.key")}`,
    `--service-cluster-ip-range=${addresses.services}`,
    `--kubelet-client-certificate=${pki("apiserver-kubelet-client.crt")}`,
    `--kubelet-client-key=${pki("apiserver-kubelet-client.key")}`,
    `--kubelet-certificate-authority=${pki("ca.crt")}`,
    "--kubelet-preferred-address-types=InternalIP",
    // forwards requests for metrics-server's API to it, in the name of the caller
    `--proxy-client-cert-file=${pki("front-proxy.crt")}`,
    `--proxy-client-key-file=${pki("front-proxy.key")}`,
    `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
    "--requestheader-allowed-names=front-proxy",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--enable-priority-and-fairness=false",
    "--profiling=false",
  ]);

  const controllerManager = component("kube-controller-manager", [
    `--kubeconfig=${config("controller-manager.kubeconfig")}`,
    `--service-account-private-key-file=${pki("service-accounts.key")}`,
    `--root-ca-file=${pki("ca.crt")}`,
    `--cluster-signing-cert-file=${pki("ca.crt")}`,
    `--cluster-signing-key-file=${pki("ca.key")}`,
    "--use-service-account-credentials=true",
    "--allocate-node-cidrs=false",
    "--leader-elect=false",
    "--secure-port=0",
    "--profiling=false",
    "--controllers=*,-bootstrap-signer-controller,-token-cleaner-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller",
  ]);
  const scheduler = component("kube-scheduler", [
    `--kubeconfig=${config("scheduler.kubeconfig")}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--profiling=false",
  ]);
  const kubelet = component("kubelet", [
    `--config=${config("kubelet.json")}`,
    `--kubeconfig=${config("kubelet.kubeconfig")}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${addresses.node}`,
    `--root-dir=${paths.kubelet}`,
    `--cert-dir=${join(paths.kubelet, "pki")}`,
  ]);
  const proxy = component("kube-proxy", [`--config=${config("proxy.json")}`]);
  const dns = component("dns", ["-conf", config("Corefile"), "-quiet"]);
  const metricsServer = component("metrics-server", [
    `--kubeconfig=${config("metrics-server.kubeconfig")}`,
    `--authentication-kubeconfig=${config("metrics-server.kubeconfig")}`,
    `--authorization-kubeconfig=${config("metrics-server.kubeconfig")}`,
    `--tls-cert-file=${pki("metrics-server.crt")}`,
    `--tls-private-key-file=${pki("metrics-server.key")}`,
    `--kubelet-certificate-authority=${pki("ca.crt")}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--bind-address=127.0.0.1",
    "--secure-port=10251", // as in objects.yaml
    "--metric-resolution=15s",
  ]);
  const networkPolicies = component("network-policies", [
    `-kubeconfig=${config("network-policies.kubeconfig")}`,
    `-node=${nodeName}`,
    `-services=${addresses.services}`,
  ]);
  const volumes = component("volumes", [
    `-kubeconfig=${config("volumes.kubeconfig")}`,
    `-provisioner=${provisioner}`,
    `-root=${paths.volumes}`,
    `-node=${nodeName}`,
  ]);
  return {
    foundation: [etcd, containerd, apiserver],
    rest: [
      ...[dns, controllerManager, scheduler, kubelet],
      ...[proxy, networkPolicies, metricsServer, volumes],
    ],
  };
}
