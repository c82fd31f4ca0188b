import { basename, dirname } from "node:path/posix";
import type { KubeConfig } from "@kubernetes/client-node";
import { platformNamespaces } from "../../program/platform.ts";
import { readDeployment } from "../deployment.ts";
import type { ClusterAccess, Engine } from "../engine.ts";
import { openEngine } from "../engineChoice.ts";
import { type Mlflow, mlflow } from "../mlflow.ts";
import { connect } from "../ownershipCheck.ts";
import {
  type Endpoint,
  type EndpointName,
  endpoints,
  endpointsOf,
  isHealthy,
  reach,
  type Reached,
} from "../platformEndpoints.ts";
import { ApiError } from "../../local/support/apiServer.ts";
import { loadKubeconfig } from "../../local/support/loadKubeconfig.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { type Trouble, troubleOf } from "../../local/support/podTrouble.ts";
import { type JsonObject, textAt } from "../../local/support/propertyValues.ts";
import { jobFailure, lackOf } from "../../local/support/readiness.ts";
import { defaultStack, readSettings, type Settings } from "../stackSettings.ts";
import { settingsFor } from "../standInCharts.ts";
import { accessForPreview, reachDeployment } from "../targetAccess.ts";
import type { Options } from "../commandLine.ts";

/** Raised where a check cannot look, with the reason. */
export class Skipped extends Error {}

/** A workload that is not as it should be. */
export interface Ailing {
  /** As people call it: `Deployment mlflow-3-18-0`. */
  readonly name: string;
  readonly live: JsonObject;
  /** What it lacks, in words. */
  readonly lack: string;
  readonly trouble?: Trouble;
}

const workloadKinds = {
  Deployment: "apps/v1/deployments",
  StatefulSet: "apps/v1/statefulsets",
  DaemonSet: "apps/v1/daemonsets",
  Job: "batch/v1/jobs",
};

/**
 * The facts that the checks use; each is read once for all of them. Checks whose facts cannot be read are skipped, so
 * that each fault is reported once.
 */
export class Facts {
  /** Those that the stack is deployed with, also where only the command line of its last `up` had them. */
  readonly settings: Settings;
  readonly deployment: ReturnType<typeof readDeployment>;
  readonly #options: Options;
  readonly #given?: KubernetesClient;
  readonly #known = new Map<string, Promise<unknown>>();
  readonly #doors: Reached[] = [];

  /** @param client the cluster, where it is known; else the one that the stack is deployed to. */
  constructor(options: Options, settings?: Settings, client?: KubernetesClient) {
    this.deployment = readDeployment(options.stack ?? defaultStack);
    const given = settings ?? readSettings(options, this.deployment?.overrides);
    this.settings = settingsFor(this.deployment?.charts ?? "official", given);
    this.#options = options;
    this.#given = client;
  }

  get namespace(): string {
    return this.settings.config.namespace;
  }

  /** How to reach the cluster, or a UserError that says why nothing can. */
  access = (): Promise<ClusterAccess> =>
    this.#once("access", async () =>
      this.deployment
        ? (await reachDeployment(this.settings.stack)).access
        : await accessForPreview(this.#options, this.settings, undefined),
    );

  /** The cluster, or a UserError that says why it cannot be used. */
  connected = (): Promise<KubernetesClient> =>
    this.#once(
      "client",
      async () => this.#given ?? (await connect(await this.access(), this.settings.config)),
    );

  client = (): Promise<KubernetesClient> =>
    this.connected().catch(() => {
      throw new Skipped("the cluster cannot be used");
    });

  kubeconfig = async (): Promise<KubeConfig> => {
    const { kubeconfig, context } = await this.access();
    return loadKubeconfig(kubeconfig, context ?? this.settings.config.kubeContext);
  };

  /** What the API has at a path; nothing where there is no such thing. */
  get = (path: string): Promise<JsonObject | undefined> =>
    this.#once(path, async () => {
      try {
        return await (await this.client()).request("GET", path);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 404) return undefined;
        if (error.status === 403) throw new Skipped(`your user may not read ${path}`);
        throw error;
      }
    });

  list = async (path: string): Promise<JsonObject[]> =>
    ((await this.get(path))?.["items"] ?? []) as JsonObject[];

  /** Objects of a kind such as `v1/pods` or `apps/v1/deployments` in all namespaces of the platform, with a query if any. */
  ours = async (kind: string): Promise<JsonObject[]> => {
    const [path = "", query] = kind.split("?");
    const [root, resource] = [dirname(path), basename(path)];
    const group = root === "v1" ? "/api/v1" : `/apis/${root}`;
    const suffix = query === undefined ? resource : `${resource}?${query}`;
    const lists = platformNamespaces(this.settings.config).map((namespace) =>
      this.list(`${group}/namespaces/${namespace}/${suffix}`),
    );
    return (await Promise.all(lists)).flat();
  };

  /** Every workload of the platform. */
  workloads = (): Promise<JsonObject[]> =>
    this.#once("workloads", async () => {
      const kinds = Object.entries(workloadKinds).map(async ([kind, path]) =>
        (await this.ours(path)).map((item): JsonObject => ({
          ...item,
          kind,
        })),
      );
      return (await Promise.all(kinds)).flat();
    });

  /** Those that are not ready, each with what keeps it from that. */
  ailing = (): Promise<Ailing[]> =>
    this.#once("ailing", async () => {
      const client = await this.client();
      const found = (await this.workloads()).map(async (live): Promise<Ailing[]> => {
        const lack = jobFailure(live) ?? lackOf(live);
        if (lack === undefined) return [];
        const name = `${textAt(live, "kind")} ${textAt(live, "metadata", "name")}`;
        return [{ name, live, lack, trouble: await troubleOf(client, live, true) }];
      });
      return (await Promise.all(found)).flat();
    });

  engine = (): Promise<Engine> =>
    this.#once("engine", async () => {
      if (!this.deployment) throw new Skipped(this.undeployed);
      return openEngine(this.deployment.engine, this.settings, await this.access());
    });

  get undeployed(): string {
    return `the stack ${this.settings.stack} is not deployed from this checkout`;
  }

  /** Outputs of the stack, secrets in plaintext. */
  outputs = (): Promise<Readonly<Record<string, unknown>>> =>
    this.#once("outputs", async () => {
      await this.client();
      const outputs = await (await this.engine()).outputs({ showSecrets: true });
      if (Object.keys(outputs).length > 0) return outputs;
      throw new Skipped("the stack has no outputs, because its last `npm run up` failed");
    });

  /** An endpoint as this machine reaches it, whether it answers or not. */
  door = (endpoint: Endpoint): Promise<Reached> =>
    this.#once(`door ${endpoint.service.name}`, async () => {
      if (this.settings.config.paused) throw new Skipped("the platform is paused");
      const { namespace } = this;
      const reached = await reach(endpoint, { kubeconfig: await this.kubeconfig(), namespace });
      this.#doors.push(reached);
      return reached;
    });

  /** One of the endpoints that a stack has at most once. */
  endpoint = async (name: EndpointName): Promise<Endpoint> => {
    const found = endpointsOf(await this.outputs()).find((one) => one.name === name);
    if (found) return found;
    throw new Skipped(`the stack has no ${endpoints[name].title}`);
  };

  /** URL of an endpoint that answers. */
  url = async (name: EndpointName): Promise<string> => {
    const endpoint = await this.endpoint(name);
    const { url } = await this.door(endpoint);
    if (await this.#once(`health ${name}`, () => isHealthy(url, endpoint))) return url;
    throw new Skipped(`${endpoint.title} does not answer`);
  };

  /** MLflow's API for the notebooks' user. */
  mlflow = async (): Promise<Mlflow> => {
    const { mlflowUsername, mlflowPassword } = await this.outputs();
    return mlflow(await this.url("tracking"), String(mlflowUsername), String(mlflowPassword));
  };

  async close(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.close()));
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = (this.#known.get(name) as Promise<T> | undefined) ?? make();
    this.#known.set(name, known);
    known.catch(() => {});
    return known;
  }
}
