import type { KubeConfig } from "@kubernetes/client-node";
import { askCluster, type ClusterFacts, reasonOf } from "../program/clusterFacts.ts";
import { type PortFacts, portFacts, unseen } from "../program/ports.ts";
import * as cluster from "../local/cluster/index.ts";
import { type Deployment, readDeployment } from "./deployment.ts";
import type { ClusterAccess } from "./engine.ts";
import { clusterProblem } from "../local/support/apiServer.ts";
import { gkeAccess } from "./gcloud.ts";
import type { Options } from "./commandLine.ts";
import type { Settings } from "./stackSettings.ts";
import { UserError } from "../local/support/errors.ts";
import { loadKubeconfig } from "../local/support/loadKubeconfig.ts";
import { run, which } from "../local/support/process.ts";
import { reported } from "../local/support/progress.ts";
import {
  checkNodeAddress,
  contextsOf,
  decideTarget,
  describeTarget,
  localContext,
  type Target,
} from "./target.ts";

/** Where this stack is, or is to be, deployed to. */
export async function findTarget(
  { context, localCluster = false }: Options,
  settings: Settings,
  remembered: Deployment | undefined,
): Promise<Target> {
  const kubeconfig = loadKubeconfig();
  const target = await decideTarget({
    contexts: contextsOf(kubeconfig),
    wantedContext: context ?? settings.config.kubeContext,
    wantsLocalCluster: localCluster,
    remembered: remembered?.target,
    hasMinikube: which("minikube") !== undefined,
    localClusterFolder: (await cluster.clusterStatus()).folder,
    canRunLocalCluster: process.platform === "linux" && process.getuid?.() === 0,
    problemOf: (context) => problemOf(kubeconfig, context),
  });
  if (target.kind === "local-cluster") checkNodeAddress(settings);
  return target;
}

function problemOf(kubeconfig: KubeConfig, context: string): Promise<string | undefined> {
  kubeconfig.setCurrentContext(context);
  return clusterProblem(kubeconfig);
}

/** Starts the target where that is ours to do, and says how to reach it. */
export async function startTarget(target: Target): Promise<ClusterAccess> {
  switch (target.kind) {
    case "local-cluster":
      return await reported("Starting the local cluster", (step) =>
        cluster.startCluster({ onProgress: (message) => step.update(message) }),
      );
    case "minikube":
      await reported("Starting Minikube", (step) =>
        run("minikube", ["start"], { onLine: (line) => step.update(line.trim()) }),
      );
      return { context: "minikube" };
    case "gke":
      return await gkeAccess(target);
    case "context":
      return { context: target.context };
  }
}

/** The cluster as it shows itself. The local cluster opens its ports to this machine only, wherever that is. */
export async function lookAt(target: Target, access: ClusterAccess): Promise<ClusterFacts> {
  const kubeconfig = loadKubeconfig(access.kubeconfig, access.context);
  try {
    const facts = await askCluster(kubeconfig);
    return target.kind === "local-cluster" ? { ...facts, own: { kind: "machine" } } : facts;
  } catch (error) {
    throw new UserError(
      `cannot look at the nodes and ports of ${describeTarget(target)} (${reasonOf(error)}); check the cluster and try again`,
    );
  }
}

/** How to reach a stack that is deployed, without starting anything. */
export async function reachDeployment(
  stack: string,
): Promise<{ deployment: Deployment; access: ClusterAccess }> {
  const deployment = readDeployment(stack);
  if (!deployment) {
    throw new UserError(
      `the stack ${stack} is not deployed from this checkout; run \`npm run up\` first`,
    );
  }
  const { target } = deployment;
  if (target.kind === "local-cluster") {
    const status = await cluster.clusterStatus();
    if (status.state !== "running") {
      throw new UserError(
        status.problem === undefined
          ? "the local cluster is not running; start it with `npm run up`"
          : `the local cluster is not ready: ${status.problem}; run \`npm run up\`, which waits for it`,
      );
    }
    return { deployment, access: status };
  }
  if (target.kind === "gke") return { deployment, access: await gkeAccess(target) };
  const context = target.kind === "minikube" ? "minikube" : target.context;
  const problem = await problemOf(loadKubeconfig(), context);
  if (problem !== undefined) {
    const start = context === "minikube" ? " (`minikube start` starts Minikube)" : "";
    throw new UserError(`the context ${context}: ${problem}${start}, and try again`);
  }
  return { deployment, access: { context } };
}

/** What a preview has to know: the settings that `up` would add, so that it shows no false difference. */
export async function accessForPreview(
  { context: wanted, localCluster }: Options,
  settings: Settings,
  remembered: Deployment | undefined,
): Promise<ClusterAccess> {
  const isLocal =
    localCluster === true || wanted === localContext || remembered?.target.kind === "local-cluster";
  if (isLocal) {
    checkNodeAddress(settings);
    return await cluster.clusterStatus();
  }
  if (remembered?.target.kind === "minikube") return { context: "minikube" };
  const context =
    wanted ?? (remembered?.target.kind === "context" ? remembered.target.context : undefined);
  return context === undefined ? {} : { context };
}

/** What is known of a preview's cluster without starting it. Without any, `up` would start one on this machine. */
export async function portsForPreview(
  { config }: Settings,
  access: ClusterAccess,
  remembered: Target | undefined,
): Promise<PortFacts> {
  if (config.cluster === "gke") return unseen(false);
  const isLocalCluster = access.kubeconfig !== undefined;
  if (isLocalCluster && (await cluster.clusterStatus()).state !== "running") return unseen(true);
  const kubeconfig = loadKubeconfig(access.kubeconfig);
  const context = access.context ?? config.kubeContext ?? contextsOf(kubeconfig).current;
  if (context === undefined || (context === localContext && !isLocalCluster)) return unseen(true);
  const problem = await problemOf(kubeconfig, context);
  if (problem === undefined) {
    const server = contextsOf(kubeconfig).servers[context] ?? "";
    const target: Target = isLocalCluster
      ? { kind: "local-cluster", folder: "" }
      : { kind: "context", context, server };
    return portFacts(await lookAt(target, { ...access, context }));
  }
  if (remembered?.kind === "minikube") return unseen(true);
  console.error(`The context ${context}: ${problem}. This preview opens no port of its nodes.`);
  return unseen(false);
}
