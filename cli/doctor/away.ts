import { objectAt, textAt } from "../../local/support/propertyValues.ts";
import type { Finding } from "./check.ts";
import type { Facts } from "./facts.ts";

/**
 * Why a part of the platform is away, by the workload behind it.
 * @param name of its pods, under `app.kubernetes.io/name`, or of the workload itself
 */
export async function away(facts: Facts, name: string, symptom: string): Promise<Finding> {
  const workload = (await facts.workloads()).find(
    (live) =>
      live["kind"] !== "Job" &&
      [
        textAt(live, "metadata", "name"),
        textAt(live, "metadata", "labels", "app.kubernetes.io/name"),
      ].includes(name),
  );
  const kubectl = `kubectl -n ${facts.namespace}`;
  if (!workload) return { symptom, cause: `${name} is not deployed`, fix: "npm run up" };
  const path = `${textAt(workload, "kind")!.toLowerCase()}/${textAt(workload, "metadata", "name")}`;
  if (objectAt(workload, "spec")["replicas"] === 0) {
    return {
      symptom,
      cause: `${path} is scaled to 0 pods`,
      fix: `${kubectl} scale ${path} --replicas=1`,
    };
  }
  const found = (await facts.ailing()).find(({ live }) => live === workload);
  if (found) {
    const cause = [found.lack, found.trouble?.text].filter(Boolean).join("; ");
    return { symptom, cause, fix: `${kubectl} logs ${path}` };
  }
  const cause = "its pods are ready, so the network between them and this machine is at fault";
  return { symptom, cause, fix: "npm run connect -- --forward" };
}
