import { kindOf, type PlannedChange } from "./plan.ts";

/** Data that an update would lose, or would no longer keep from being lost. */
export interface Risk {
  readonly name: string;
  readonly kind: string;
  /** What happens, as the end of a sentence that starts with the name. */
  readonly what: string;
  /** Whether it must be acknowledged before the update may run. */
  readonly isLoss: boolean;
}

/** Resource types that hold data, or without which the data could not be read again. */
export const holders: Readonly<Record<string, string>> = {
  "gcp:sql/databaseInstance:DatabaseInstance": "every experiment, model version and user",
  "gcp:sql/database:Database": "every experiment, model version and user",
  "gcp:storage/bucket:Bucket": "every artifact",
  "gcp:container/cluster:Cluster": "everything that is kept in the cluster",
  "gcp:artifactregistry/repository:Repository": "every image",
  "kubernetes:core/v1:Namespace": "everything in it",
  "kubernetes:core/v1:PersistentVolumeClaim": "what is on the volume",
  "random:index/randomPassword:RandomPassword": "a password that the data requires",
};

/** What the plan does to data. A policy cannot find out: it sees resources as they will be, and no deleted ones. */
export function dataAtRisk(plan: readonly PlannedChange[]): Risk[] {
  return plan.flatMap((change): Risk[] => {
    const { name, type, action, before, after, because } = change;
    const held = holders[before?.type ?? type];
    if (held === undefined || !before) return [];
    const risk = { name, kind: kindOf(before.type) };
    if (action === "delete") {
      return [{ ...risk, what: `is deleted, and with it ${held}`, isLoss: true }];
    }
    if (action === "replace") {
      const cause = because.length > 0 ? ` because of ${because.join(", ")}` : "";
      return [{ ...risk, what: `is replaced${cause}, which loses ${held}`, isLoss: true }];
    }
    return before.protect && after && !after.protect
      ? [{ ...risk, what: "is no longer protected from deletion", isLoss: false }]
      : [];
  });
}

/** Names of resources whose loss is not acknowledged. */
export function unacknowledged(risks: readonly Risk[], acknowledged: readonly string[]): string[] {
  return risks
    .filter(({ isLoss, name }) => isLoss && !acknowledged.includes(name))
    .map(({ name }) => name);
}
