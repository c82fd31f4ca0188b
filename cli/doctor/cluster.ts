import { Resolver } from "node:dns/promises";
import { messageOf } from "../../local/support/errors.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { type JsonObject, objectAt, textAt } from "../../local/support/propertyValues.ts";
import type { PlatformConfig } from "../../program/config.ts";
import { platformNamespaces } from "../../program/platform.ts";
import { policiesAreEnforced, unenforcedSentence } from "../networkPolicies.ts";
import { checkOwnership } from "../ownershipCheck.ts";
import { type Check, type Finding, findingsOr, type Seen } from "./check.ts";
import { type Facts, Skipped } from "./facts.ts";

/** Whether the cluster can be used, and by this user. */
export const clusterChecks: readonly Check[] = [
  { name: "context", run: context },
  { name: "permissions", isPreflight: true, run: permissions },
  { name: "clock", isPreflight: true, run: clock },
  { name: "nodes", isPreflight: true, run: nodes },
  { name: "dns", run: dns },
  { name: "network-policies", isPreflight: true, run: networkPolicies },
  { name: "load-metrics", isPreflight: true, run: loadMetrics },
  { name: "namespace", run: ownership },
];

async function context(facts: Facts): Promise<Seen> {
  try {
    const client = await facts.connected();
    return `${client.context}, namespace ${facts.namespace}`;
  } catch (error) {
    const [cause = "", ...fix] = messageOf(error).split("; ");
    const symptom = "no cluster can be used";
    return [{ symptom, cause, fix: fix.join("; ") || "npm run up" }];
  }
}

interface Right {
  readonly group?: string;
  readonly resource: string;
  readonly verb?: string;
  readonly isClusterWide?: boolean;
}

const rbac = "rbac.authorization.k8s.io";
const clusterWide: readonly Right[] = [
  { resource: "namespaces", isClusterWide: true },
  { group: rbac, resource: "clusterroles", isClusterWide: true },
  { group: rbac, resource: "clusterrolebindings", isClusterWide: true },
];

/** What `up` does to a cluster; the rest of what it needs comes with these. */
const rights = ({ monitoring, namespaceOnly }: PlatformConfig): readonly Right[] => [
  ...["configmaps", "persistentvolumeclaims", "secrets", "serviceaccounts", "services"].map(
    (resource) => ({ resource }),
  ),
  { group: "apps", resource: "deployments" },
  { group: "apps", resource: "statefulsets" },
  { group: "batch", resource: "cronjobs" },
  { group: "batch", resource: "jobs" },
  { group: "networking.k8s.io", resource: "networkpolicies" },
  { group: "policy", resource: "poddisruptionbudgets" },
  { group: rbac, resource: "roles" },
  { group: rbac, resource: "rolebindings" },
  { resource: "pods", verb: "list" },
  ...(namespaceOnly ? [] : clusterWide.filter(({ group }) => monitoring || group !== rbac)),
];

async function permissions(facts: Facts): Promise<Seen> {
  const client = await facts.client();
  const wanted = rights(facts.settings.config);
  const denied = (
    await Promise.all(
      wanted.map(async (right) =>
        (await isAllowed(client, right, facts.namespace)) ? [] : [right],
      ),
    )
  ).flat();
  const names = (ones: readonly Right[]) =>
    ones.map(({ verb = "create", resource }) => `${verb} ${resource}`).join(", ");
  const here = denied.filter(({ isClusterWide }) => !isClusterWide);
  const everywhere = denied.filter(({ isClusterWide }) => isClusterWide);
  const symptom = "your user may not deploy the platform";
  const findings: Finding[] = [];
  if (here.length > 0) {
    const { namespace } = facts;
    const fix = facts.settings.config.namespaceOnly
      ? `ask an administrator for the role: kubectl -n ${namespace} create rolebinding mlops-deployer --clusterrole=admin --user=YOU`
      : "ask an administrator for the role: kubectl create clusterrolebinding mlops-deployer --clusterrole=cluster-admin --user=YOU. Or, for a namespace that you administer, set namespaceOnly to true and namespace to its name";
    findings.push({
      symptom,
      cause: `it may not ${names(here)} in the namespace ${facts.namespace}`,
      fix,
    });
  } else if (everywhere.length > 0) {
    findings.push({
      symptom,
      cause: `it administers the namespace ${facts.namespace} only, and may not ${names(everywhere)}: the platform creates its namespaces, and Prometheus' ClusterRole where \`monitoring\` is on`,
      fix: "deploy without those with `pulumi config set namespaceOnly true`, have an administrator of the cluster run `npm run up`, or deploy to a cluster of this machine with `npm run up -- --local-cluster`",
    });
  }
  return findingsOr(findings, `${wanted.length} rights that \`up\` needs`);
}

async function isAllowed(
  client: KubernetesClient,
  { group = "", resource, verb = "create", isClusterWide }: Right,
  namespace: string,
): Promise<boolean> {
  const where: JsonObject = isClusterWide ? {} : { namespace };
  const kind = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" };
  const spec = { resourceAttributes: { group, resource, verb, ...where } };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const { status } = await client.request("POST", path, { ...kind, spec });
  return objectAt(status)["allowed"] === true;
}

const tolerableSkewSeconds = 30;

async function clock(facts: Facts): Promise<Seen> {
  const skew = Math.round((await (await facts.client()).clockSkew()) / 1000);
  if (Number.isNaN(skew)) throw new Skipped("the API server does not report its time");
  if (Math.abs(skew) <= tolerableSkewSeconds) return `within ${Math.abs(skew) + 1} s`;
  return [
    {
      symptom: "certificates and tokens are refused as expired or not yet valid",
      cause: `the clock of the cluster is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} this machine's`,
      fix: "set both clocks by NTP: `timedatectl set-ntp true`; with Minikube `minikube stop` and `minikube start`",
    },
  ];
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

async function nodes(facts: Facts): Promise<Seen> {
  const found = await facts.list("/api/v1/nodes");
  const own = architectures[process.arch] ?? process.arch;
  return findingsOr(
    found.flatMap((node) => nodeFindings(node, own)),
    `${found.length} ready, ${[...new Set(found.map(architectureOf))].join(" and ")}`,
  );
}

const architectureOf = (node: JsonObject) =>
  textAt(node, "status", "nodeInfo", "architecture") ?? "";

function nodeFindings(node: JsonObject, built: string): Finding[] {
  const name = textAt(node, "metadata", "name") ?? "";
  const conditions = (objectAt(node, "status")["conditions"] ?? []) as JsonObject[];
  const describe = `kubectl describe node ${name}`;
  const findings = conditions.flatMap(({ type, status, message }): Finding[] => {
    const isReady = type === "Ready";
    if ((status === "True") === isReady || (status !== "True" && !isReady)) return [];
    const symptom = isReady ? `the node ${name} is not ready` : `the node ${name} evicts pods`;
    const cause = `${String(type)} is ${String(status)}: ${String(message ?? "")}`;
    const fix = isReady ? describe : `free disk or memory on it, and look at \`${describe}\``;
    return [{ symptom, cause, fix }];
  });
  if (objectAt(node, "spec")["unschedulable"] === true) {
    const cause = "it was cordoned";
    findings.push({
      symptom: `the node ${name} takes no pods`,
      cause,
      fix: `kubectl uncordon ${name}`,
    });
  }
  const architecture = architectureOf(node);
  if (architecture !== "" && architecture !== built) {
    findings.push({
      symptom: `pods on the node ${name} end with "exec format error"`,
      cause: `it is ${architecture}, and images that this machine builds are ${built}`,
      fix: "build the images on a machine of the nodes' kind: `npm run images -- --push`",
      isWarning: true,
    });
  }
  return findings;
}

async function dns(facts: Facts): Promise<Seen> {
  const symptom = "pods do not find each other by name";
  await facts.client();
  const { controlPlaneAddress } = await facts.access();
  if (controlPlaneAddress !== undefined) {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    resolver.setServers([controlPlaneAddress]);
    try {
      const [address] = await resolver.resolve4("kubernetes.default.svc.cluster.local");
      return `kubernetes.default is ${address}`;
    } catch (error) {
      return [
        { symptom, cause: `the cluster's DNS fails: ${messageOf(error)}`, fix: "npm run up" },
      ];
    }
  }
  const slices = await facts.list(
    "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices?labelSelector=kubernetes.io/service-name=kube-dns",
  );
  if (slices.length === 0) throw new Skipped("the cluster has no Service kube-dns");
  const endpoints = slices.flatMap(({ endpoints }) => (endpoints ?? []) as JsonObject[]);
  const ready = endpoints.filter((one) => objectAt(one, "conditions")["ready"] === true);
  if (ready.length > 0) return `${ready.length} pods of kube-dns`;
  const fix = "kubectl -n kube-system get pods -l k8s-app=kube-dns";
  return [{ symptom, cause: "no pod of kube-dns is ready", fix }];
}

async function networkPolicies(facts: Facts): Promise<Seen> {
  const client = await facts.client();
  const isEnforced = await policiesAreEnforced((path) => client.request("GET", path));
  if (isEnforced === undefined) throw new Skipped("your user may not inspect the network plugin");
  if (isEnforced) return "enforced";
  const [cause = "", fix = ""] = unenforcedSentence.split("; ");
  const symptom = "the platform's NetworkPolicies have no effect";
  return [{ symptom, cause, fix, isWarning: true }];
}

async function loadMetrics(facts: Facts): Promise<Seen> {
  const models = Object.entries(facts.settings.config.models);
  const scaled = models.filter(([, { autoscaling }]) => autoscaling);
  if (scaled.length === 0) return "no model has autoscaling";
  const byRequests = scaled.filter(([, { autoscaling }]) => autoscaling?.targetRequestsInFlight);
  const client = await facts.client();
  const missing = async (
    group: string,
    versions: string[],
    needing: typeof scaled,
    fix: string,
  ) => {
    if (needing.length === 0) return [];
    const answers = versions.map((version) => client.request("GET", `/apis/${group}/${version}`));
    const isServed = await Promise.any(answers).then(
      () => true,
      () => false,
    );
    const names = needing.map(([name]) => name).join(", ");
    const symptom = `the number of pods of ${names} does not follow the load`;
    const cause = `the cluster serves no ${group}, which the autoscaling of ${names} reads`;
    return isServed ? [] : [{ symptom, cause, fix, isWarning: true }];
  };
  const findings = await Promise.all([
    missing(
      "metrics.k8s.io",
      ["v1beta1"],
      scaled,
      "install metrics-server, with Minikube by `minikube addons enable metrics-server`, or set replicas in place of autoscaling",
    ),
    missing(
      "custom.metrics.k8s.io",
      // the chart of prometheus-adapter offers the first, other adapters the second
      ["v1beta1", "v1beta2"],
      byRequests,
      "install an adapter, see docs/how-to/autoscaling.md, or leave out targetRequestsInFlight",
    ),
  ]);
  return findingsOr(findings.flat(), "served");
}

async function ownership(facts: Facts): Promise<Seen> {
  const client = await facts.client();
  const state = facts.deployment ? await (await facts.engine()).exportState() : undefined;
  try {
    await checkOwnership(client, facts.settings, state);
    return `${platformNamespaces(facts.settings.config).join(", ")}: free, or this stack's`;
  } catch (error) {
    const [cause = "", ...fix] = messageOf(error).split("; nothing was changed. ");
    return [{ symptom: "`npm run up` would refuse the namespace", cause, fix: fix.join() }];
  }
}
