import type { Fields } from "./api.ts";
import { GoogleError, invalid } from "./googleError.ts";

interface Binding {
  role: string;
  members: string[];
  condition?: Fields;
}

const members =
  /^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain|projectOwner|projectEditor|projectViewer):\S+|principal(Set)?:\/\/iam\.googleapis\.com\/\S+)$/;

/** Whether someone exists: Google refuses to give a role to who does not. */
export type Exists = (member: string) => boolean;

/** IAM policies of projects, buckets, repositories and service accounts, by the path of what they are about. */
export class Policies {
  readonly #policies = new Map<string, { bindings: Binding[]; version: number }>();
  readonly #etags = new Map<string, string>();
  readonly #exists: Exists;
  #serial = 0;

  constructor(exists: Exists) {
    this.#exists = exists;
  }

  get(path: string, version: number): Fields {
    const { bindings } = this.#policies.get(path) ?? { bindings: [] };
    const hasConditions = bindings.some(({ condition }) => condition !== undefined);
    // who asks for an older version is not shown conditions, and would delete them by writing the policy back
    const shown =
      version >= 3
        ? bindings
        : bindings.map(({ role, condition, ...rest }) => ({
            ...rest,
            role: condition ? `${role}_withcond_0000000000000000` : role,
          }));
    return {
      version: hasConditions && version >= 3 ? 3 : 1,
      etag: this.#etag(path),
      ...(shown.length > 0 ? { bindings: shown } : {}),
    };
  }

  /** @throws GoogleError 409 when the policy was changed since it was read. */
  set(path: string, policy: Fields): Fields {
    if (policy["etag"] !== undefined && policy["etag"] !== this.#etag(path)) {
      throw new GoogleError(
        409,
        "aborted",
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
        "ABORTED",
      );
    }
    const bindings = (policy["bindings"] ?? []) as Binding[];
    bindings.forEach((binding) => check(binding, policy["version"]));
    const before = this.#policies.get(path)?.bindings.flatMap(({ members }) => members) ?? [];
    const added = bindings.flatMap(({ members }) => members).filter((one) => !before.includes(one));
    const unknown = added.find((member) => !this.#exists(member));
    if (unknown !== undefined) throw invalid(missing(unknown));
    const kept = bindings.filter(({ members }) => members.length > 0);
    this.#policies.set(path, { bindings: kept, version: policy["version"] });
    this.#etags.set(path, Buffer.from(`policy-${++this.#serial}`).toString("base64"));
    return this.get(path, 3);
  }

  remove(path: string): void {
    this.#policies.delete(path);
  }

  #etag(path: string): string {
    return this.#etags.get(path) ?? "ACAB";
  }
}

function check({ role, members: given, condition }: Binding, version: unknown): void {
  if (!/^(roles\/|projects\/\S+\/roles\/|organizations\/\S+\/roles\/)\S+$/.test(role)) {
    throw invalid(`Role ${role} is not supported for this resource.`);
  }
  const wrong = given.find((member) => !members.test(member));
  if (wrong !== undefined) throw invalid(`The member ${wrong} is of an unknown type.`);
  if (condition !== undefined && version !== 3) {
    throw invalid("Policies with conditions must set version 3.");
  }
}

function missing(member: string): string {
  const [, pool] = /workloadIdentityPools\/([^/]+)/.exec(member) ?? [];
  return pool === undefined
    ? `Service account ${member.replace("serviceAccount:", "")} does not exist.`
    : `Identity Pool does not exist (${pool}). Please check that you specified a valid resource name as returned in the \`name\` attribute in the configuration API.`;
}
