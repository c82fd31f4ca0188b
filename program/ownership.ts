import * as pulumi from "@pulumi/pulumi";
import { partOf, stackAnnotation, stateLabel } from "../components/kubernetes/ownershipMarks.ts";
import type { PlatformConfig } from "./config.ts";

export interface LiveNamespace {
  metadata?: {
    name?: string;
    uid?: string;
    labels?: { [key: string]: string };
    annotations?: { [key: string]: string };
  };
}

/** What a stack's state knows. */
export interface Claim {
  /** `project/stack` */
  readonly stack: string;
  /** Whether a state id is one of this state. */
  readonly hasId: (id: string) => boolean;
  /** Uid of the namespace that this state has made under the name; none where it has made none. */
  readonly uid?: string;
}

const nothingChanged = "nothing was changed";
const another = "choose another `namespace` in the stack's settings";

/** Why a stack must leave a namespace alone, and how to go on; nothing where it is the stack's own. */
export function namespaceRefusal(
  { metadata = {} }: LiveNamespace,
  { stack, hasId, uid }: Claim,
): string | undefined {
  const { name = "", labels = {}, annotations = {} } = metadata;
  const id = labels[stateLabel];
  if (id !== undefined && hasId(id)) return undefined;
  const isMade = uid !== undefined && uid === metadata.uid;
  // an earlier version of the program did not mark its namespaces
  if (id === undefined && isMade) return undefined;
  const owner = annotations[stackAnnotation];
  if (id === undefined || owner === undefined) {
    return isPlatform(labels)
      ? `the namespace ${name} holds a platform that an earlier version deployed, and the stack ${stack} has no state of it; ${nothingChanged}. Run \`npm run up\` where its state is, or ${another}`
      : `the namespace ${name} already exists, and the stack ${stack} did not create it; ${nothingChanged}. To deploy next to it, ${another}`;
  }
  if (owner !== stack) {
    return `the namespace ${name} belongs to another stack, ${owner}; ${nothingChanged}. To deploy the stack ${stack} next to it, ${another}`;
  }
  const why = isMade
    ? "another checkout has recovered it since, and this checkout's state is out of date"
    : "it was deployed from another checkout, or this checkout's state of it is lost";
  return `the namespace ${name} belongs to the stack ${stack}, but not to this state: ${why}; ${nothingChanged}. Go on in the other checkout, or, for another platform, ${another}. If no other state exists, recover the platform with its data and passwords: \`npm run recover -- --stack ${stack.split("/").at(-1)}\``;
}

const isPlatform = (labels: { [key: string]: string }) =>
  Object.entries(partOf).every(([key, value]) => labels[key] === value);

/**
 * Refuses, in a preview already, to make a namespace that is in the cluster: the Kubernetes provider itself says so
 * only when other things have been made.
 */
export function refuseForeignNamespaces(
  { kubeContext }: PlatformConfig,
  read = readNamespace,
): pulumi.ResourceTransformation {
  const hook = new pulumi.ResourceHook(
    "foreign-namespaces",
    async ({ newInputs }) => {
      const { name, labels } = (newInputs?.["metadata"] ?? {}) as NonNullable<
        LiveNamespace["metadata"]
      >;
      const live = name === undefined ? undefined : await read(name, kubeContext);
      if (!live) return;
      const stack = `${pulumi.getProject()}/${pulumi.getStack()}`;
      const refusal = namespaceRefusal(live, { stack, hasId: (id) => id === labels?.[stateLabel] });
      if (refusal !== undefined) throw new Error(refusal);
    },
    { onDryRun: true },
  );
  return ({ type, props, opts }) =>
    type === "kubernetes:core/v1:Namespace"
      ? { props, opts: { ...opts, hooks: { ...opts.hooks, beforeCreate: [hook] } } }
      : undefined;
}

/** Nothing where there is no such namespace, nor where the cluster cannot be asked: the provider says that. */
async function readNamespace(name: string, context?: string): Promise<LiveNamespace | undefined> {
  try {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const { clientConfig } = await import("./clientConfig.ts");
    const client = clientConfig(undefined, context).makeApiClient(CoreV1Api);
    return await client.readNamespace({ name });
  } catch {
    return undefined;
  }
}
