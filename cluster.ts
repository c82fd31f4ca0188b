import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { PlatformConfig } from "./config.ts";

/** The cluster that the program deploys to. */
export interface Cluster {
  readonly provider: k8s.Provider;
  /** Address by which people reach a node, where its ports may be open. */
  readonly nodeAddress?: string;
  /** What its parts cost a month, where the program makes them. */
  readonly monthlyCostsUsd: readonly pulumi.Output<number>[];
}

interface Kubeconfig {
  "current-context"?: string;
  contexts?: { name: string; context: { cluster: string } }[];
  clusters?: { name: string; cluster: { server: string } }[];
}

/** The cluster behind a context of the kubeconfig. */
export function currentCluster(config: PlatformConfig): Cluster {
  const kubeconfig = readKubeconfig();
  const context = config.kubeContext ?? kubeconfig["current-context"];
  const provider = new k8s.Provider("cluster", {
    ...(context === undefined ? {} : { context }),
    // else another token, proxy or address in the kubeconfig would replace every resource
    clusterIdentifier: context ?? "none",
    enableServerSideApply: true,
  });
  return {
    provider,
    nodeAddress: config.nodeAddress ?? apiServerHost(kubeconfig, context),
    monthlyCostsUsd: [],
  };
}

/** Host name of the API server: on Minikube and the local cluster it is the node's too. */
export function apiServerHost(kubeconfig: Kubeconfig, context?: string): string {
  const name = context ?? kubeconfig["current-context"];
  const cluster = kubeconfig.contexts?.find((entry) => entry.name === name)?.context.cluster;
  const server = kubeconfig.clusters?.find((entry) => entry.name === cluster)?.cluster.server;
  return server === undefined ? "localhost" : new URL(server).hostname;
}

/** The first kubeconfig file that is there; none where only a preview is wanted. */
function readKubeconfig(): Kubeconfig {
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  const path = [...named, join(homedir(), ".kube", "config")].find((file) => existsSync(file));
  return path === undefined ? {} : ((parse(readFileSync(path, "utf8")) as Kubeconfig | null) ?? {});
}
