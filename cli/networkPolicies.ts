import type { V1APIGroupList, V1DaemonSetList, V1NodeList } from "@kubernetes/client-node";

/** What `up` says on a cluster where the platform's policies are recorded and ignored. */
export const unenforcedSentence =
  "This cluster's network plugin enforces no NetworkPolicies, so every pod of the cluster can reach every part of the platform; a plugin such as Calico or Cilium enforces them.";

/** What shows which network plugin a cluster has. */
export interface PluginTraces {
  /** Groups of the API, such as `cilium.io`. */
  readonly groups: readonly string[];
  /** Containers of every DaemonSet. */
  readonly containers: readonly { readonly image?: string; readonly args?: readonly string[] }[];
  /** The kubelet's version on each node; k3s and RKE2 put their name there. */
  readonly kubelets: readonly string[];
}

const enforcingGroups = /^(crd\.projectcalico\.org|cilium\.io|crd\.antrea\.io|k8s\.ovn\.org)$/;
const enforcingImages =
  /\/(calico\/node|cilium|kube-router|weave-npc|kube-network-policies|azure-npm|antrea-agent[^:/]*|ovn-kube[^:/]*)[:@]/;
/** The first kindnet that enforces policies came with kind 0.24. */
const firstKindnet = 20240813;
const kindnetDate = (image: string) => Number(/\/kindnetd:v(\d{8})-/.exec(image)?.[1] ?? 0);

/** Whether a network plugin that enforces policies has left its traces. */
export function enforcesPolicies({ groups, containers, kubelets }: PluginTraces): boolean {
  return (
    groups.some((group) => enforcingGroups.test(group)) ||
    // these have kube-router's controller next to their own processes
    kubelets.some((version) => /\+(k3s|mlops-local)/.test(version)) ||
    containers.some(
      ({ image = "", args = [] }) =>
        enforcingImages.test(image) ||
        kindnetDate(image) >= firstKindnet ||
        (image.includes("aws-network-policy-agent") &&
          args.includes("--enable-network-policy=true")),
    )
  );
}

/**
 * Whether the cluster enforces NetworkPolicies; undefined where its user may not look.
 * @param get reads a path of the API server
 */
export async function policiesAreEnforced(
  get: (path: string) => Promise<unknown>,
): Promise<boolean | undefined> {
  try {
    const [{ groups }, daemonSets, nodes] = (await Promise.all([
      get("/apis"),
      get("/apis/apps/v1/daemonsets"),
      get("/api/v1/nodes"),
    ])) as [V1APIGroupList, V1DaemonSetList, V1NodeList];
    return enforcesPolicies({
      groups: groups.map(({ name }) => name),
      containers: daemonSets.items.flatMap(({ spec }) => spec?.template.spec?.containers ?? []),
      kubelets: nodes.items.map(({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
    });
  } catch {
    return undefined;
  }
}
