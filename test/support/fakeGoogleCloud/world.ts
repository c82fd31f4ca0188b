import type { Fields } from "./api.ts";
import { alreadyExists, notFound } from "./googleError.ts";
import { Operations } from "./operations.ts";
import { Policies } from "./policies.ts";

/** The API server that stands for every cluster of Kubernetes Engine. */
export interface ClusterAddress {
  /** Host and port. */
  readonly endpoint: string;
  /** Base64 of its certificate authority's certificate. */
  readonly certificateAuthority: string;
}

export interface WorldOptions {
  readonly project: string;
  readonly cluster?: ClusterAddress;
}

/** Everything that exists in the fake cloud. */
export class World {
  readonly project: string;
  readonly projectNumber = "123456789012";
  readonly cluster: ClusterAddress;
  /** Enabled APIs: a new project has these. */
  readonly enabledServices = new Set(["serviceusage.googleapis.com", "storage.googleapis.com"]);
  /** Requests that a freshly enabled API still refuses; Google takes minutes to spread the news. */
  readonly settling = new Map<string, number>();
  /** Attempts to peer a network that fail because the agent for it has no role yet. */
  agentAttempts = 0;
  /** Most gigabytes of SSD disks, as in a new project. */
  readonly ssdQuotaGb = 250;
  /** Whether the project's organisation forbids keys of service accounts, as new organisations do. */
  forbidsKeys = false;
  readonly operations = new Operations();
  readonly policies = new Policies((member) => this.#knows(member));
  /** Pools of identities; a project has one from its first cluster with Workload Identity on. */
  readonly identityPools = new Set<string>();
  /** Passwords and private keys that came by: none may be found in the clear anywhere else. */
  readonly secrets: string[] = [];
  readonly #resources = new Map<string, Fields>();
  #serial = 0;

  constructor({ project, cluster }: WorldOptions) {
    this.project = project;
    this.cluster = cluster ?? { endpoint: "192.0.2.1", certificateAuthority: "" };
  }

  #knows(member: string): boolean {
    const [, pool] = /workloadIdentityPools\/([^/]+)/.exec(member) ?? [];
    if (pool !== undefined) return this.identityPools.has(pool);
    const [, email] = /^serviceAccount:(.+)$/.exec(member) ?? [];
    return email === undefined || this.#resources.has(`serviceAccounts/${email}`);
  }

  get(path: string): Fields {
    const resource = this.#resources.get(path);
    if (resource === undefined) throw notFound(path);
    return resource;
  }

  find(path: string): Fields | undefined {
    return this.#resources.get(path);
  }

  add<T extends Fields>(path: string, resource: T): T {
    if (this.#resources.has(path)) throw alreadyExists(path);
    this.#resources.set(path, resource);
    return resource;
  }

  remove(path: string): void {
    this.get(path);
    this.#resources.delete(path);
  }

  /** Resources whose path is `prefix` and one name more. */
  below(prefix: string): Fields[] {
    return this.paths()
      .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("/"))
      .map((path) => this.get(path));
  }

  paths(): string[] {
    return [...this.#resources.keys()].sort();
  }

  /** A number that has not been given before, as text. */
  serial(): string {
    return String(4_000_000_000_000_000 + ++this.#serial);
  }
}

/** When everything here was made. */
export const creationTime = "2026-01-01T00:00:00.000Z";
