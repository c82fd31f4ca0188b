import { lookup } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiException, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { partOfSelector } from "../components/kubernetes/ownershipMarks.ts";
import { type NodeFacts, ownCluster, type OwnCluster, thisMachine } from "./ownCluster.ts";

/** What a cluster shows of itself, as far as the ports of its nodes are concerned. */
export interface ClusterFacts {
  /** What runs it on this machine; undefined for every other cluster. */
  readonly own?: OwnCluster;
  /** Ports of the nodes that Services have taken. */
  readonly nodePorts: readonly NodePortHolder[];
  /** Ports of the nodes that pods have taken. */
  readonly hostPorts: readonly HostPortHolder[];
  /** Namespaces that any stack of this platform has made. */
  readonly platformNamespaces: readonly string[];
}

export interface NodePortHolder {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

export interface HostPortHolder {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly port: number;
}

const answerWithinMs = 20_000;

/** Asks the cluster of the kubeconfig's current context. What its user may not see counts as not there. */
export async function askCluster(kubeconfig: KubeConfig): Promise<ClusterFacts> {
  const core = kubeconfig.makeApiClient(CoreV1Api);
  const [nodes, services, pods, namespaces, apiServer] = await inTime(
    Promise.all([
      allowed(core.listNode()),
      allowed(core.listServiceForAllNamespaces()),
      allowed(core.listPodForAllNamespaces({ resourceVersion: "0" })),
      allowed(core.listNamespace({ labelSelector: partOfSelector })),
      addressesOfApiServer(kubeconfig),
    ]),
  );
  const facts = nodes.map(({ metadata, spec, status }): NodeFacts => ({
    name: metadata?.name ?? "",
    labels: metadata?.labels ?? {},
    providerId: spec?.providerID ?? "",
    addresses: (status?.addresses ?? [])
      .filter(({ type }) => /^(Internal|External)IP$/.test(type))
      .map(({ address }) => address),
  }));
  const isOver = (phase?: string) => phase === "Succeeded" || phase === "Failed";
  return {
    own: ownCluster(facts, apiServer, thisMachine()),
    nodePorts: services.flatMap(({ metadata, spec }) =>
      (spec?.ports ?? []).flatMap(({ nodePort: port }) =>
        port ? { namespace: metadata!.namespace!, service: metadata!.name!, port } : [],
      ),
    ),
    hostPorts: pods
      .filter(({ spec, status }) => spec?.nodeName !== undefined && !isOver(status?.phase))
      .flatMap(({ metadata, spec }) =>
        spec!.containers
          .flatMap(({ ports }) => ports ?? [])
          .flatMap(({ hostPort: port }) =>
            port
              ? {
                  namespace: metadata!.namespace!,
                  pod: metadata!.name!,
                  node: spec!.nodeName!,
                  port,
                }
              : [],
          ),
      ),
    platformNamespaces: namespaces.map(({ metadata }) => metadata!.name!),
  };
}

/** Why a cluster could not be asked: fetch keeps the reason in the cause. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

async function allowed<T>(list: Promise<{ items: T[] }>): Promise<T[]> {
  try {
    return (await list).items ?? [];
  } catch (error) {
    if ((error as ApiException<unknown>).code === 403) return [];
    throw error;
  }
}

/** None where a proxy stands between, for whom the address means something else. */
async function addressesOfApiServer(kubeconfig: KubeConfig): Promise<string[]> {
  const cluster = kubeconfig.getCurrentCluster();
  if (!cluster || cluster.proxyUrl) return [];
  const host = new URL(cluster.server).hostname.replace(/^\[|\]$/g, "");
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = delay(answerWithinMs, undefined, { ref: false }).then(() => {
    throw new Error(`the API server does not answer within ${answerWithinMs / 1000} s`);
  });
  return Promise.race([answer, late]);
}
