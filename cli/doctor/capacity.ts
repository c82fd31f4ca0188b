import {
  type Amounts,
  amountsOf,
  containersOf,
  podAmounts,
  quantityText,
  sumOf,
} from "../../local/support/podResources.ts";
import { claimTrouble, type TroubleKind } from "../../local/support/podTrouble.ts";
import { type JsonObject, objectAt, textAt } from "../../local/support/propertyValues.ts";
import { portFaults } from "../../program/ports.ts";
import { portsForPreview } from "../targetAccess.ts";
import { type Check, type Finding, findingsOr, type Seen } from "./check.ts";
import type { Facts } from "./facts.ts";

/** Whether the cluster has room for the platform: quotas, limits, disks, nodes and ports. */
export const capacityChecks: readonly Check[] = [
  { name: "quota", isPreflight: true, run: quota },
  { name: "limit-range", isPreflight: true, run: limitRange },
  { name: "storage-class", isPreflight: true, run: storageClass },
  { name: "claims", run: claims },
  { name: "scheduling", run: scheduling },
  { name: "ports", run: ports },
];

/** Findings for workloads that are kept from being ready by something of these kinds. */
export async function troubled(
  facts: Facts,
  kinds: readonly TroubleKind[],
  fix: (pod: JsonObject) => string,
): Promise<Finding[]> {
  return (await facts.ailing()).flatMap(({ name, live, lack, trouble }) => {
    if (!trouble || !kinds.includes(trouble.kind)) return [];
    const log = trouble.log === undefined ? "" : `; its log ends with\n${indented(trouble.log)}`;
    return { symptom: `${name}: ${lack}`, cause: trouble.text + log, fix: fix(live) };
  });
}

const indented = (log: string) => log.replace(/^ */gm, "    ");

/** What the workloads of the platform request when all their pods run, and how many pods that are. */
function requested(workloads: readonly JsonObject[], section: "requests" | "limits"): Amounts {
  return workloads
    .map((live): Amounts => {
      const pods = wantedPods(live);
      const one: Amounts = {
        ...podAmounts(objectAt(live, "spec", "template", "spec"), section),
        pods: 1,
      };
      return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value * pods]));
    })
    .reduce(sumOf, {});
}

function wantedPods(live: JsonObject): number {
  const { kind } = live;
  const spec = objectAt(live, "spec");
  const status = objectAt(live, "status");
  if (kind === "DaemonSet") return Number(status["desiredNumberScheduled"] ?? 0);
  const isOver = ((status["conditions"] ?? []) as JsonObject[]).some(
    ({ type, status }) => /^(Complete|Failed)$/.test(String(type)) && status === "True",
  );
  if (kind === "Job")
    return isOver || spec["suspend"] === true ? 0 : Number(spec["parallelism"] ?? 1);
  return Number(spec["replicas"] ?? 1);
}

async function quota(facts: Facts): Promise<Seen> {
  const quotas = await facts.ours("v1/resourcequotas");
  const workloads = await facts.workloads();
  const findings = quotas.flatMap((one) => quotaFindings(one, workloads));
  const raise = (live: JsonObject) =>
    `raise or remove the quota: kubectl -n ${textAt(live, "metadata", "namespace")} get resourcequotas`;
  const refused = await troubled(facts, ["quota"], raise);
  return findingsOr(
    [...refused, ...findings],
    quotas.length === 0 ? "none" : `${quotas.length} with room`,
  );
}

function quotaFindings(one: JsonObject, workloads: readonly JsonObject[]): Finding[] {
  const { name, namespace } = objectAt(one, "metadata") as { [key: string]: string };
  const here = workloads.filter((live) => textAt(live, "metadata", "namespace") === namespace);
  const { pods, ...requests } = requested(here, "requests");
  const limits = requested(here, "limits");
  const wanted = (resource: string): number | undefined =>
    resource === "pods" || resource === "count/pods"
      ? pods
      : resource.startsWith("limits.")
        ? limits[resource.slice("limits.".length)]
        : requests[resource.replace("requests.", "")];
  return Object.entries(amountsOf(objectAt(one, "spec", "hard"))).flatMap(([resource, hard]) => {
    const needed = wanted(resource) ?? 0;
    if (needed <= hard) return [];
    const shown = (value: number) => quantityText(resource, value);
    return {
      symptom: `the quota ${name} of the namespace ${namespace} is too small for the platform`,
      cause: `it allows ${shown(hard)} of ${resource}, and the platform's pods need ${shown(needed)}: ${shown(needed - hard)} are missing`,
      fix: `kubectl -n ${namespace} edit resourcequota ${name}`,
    };
  });
}

async function limitRange(facts: Facts): Promise<Seen> {
  const ranges = await facts.ours("v1/limitranges");
  const workloads = await facts.workloads();
  const findings = ranges.flatMap((range) => rangeFindings(range, workloads));
  const widen = (live: JsonObject) =>
    `widen the range, or set the workload's resources in the stack: kubectl -n ${textAt(live, "metadata", "namespace")} get limitranges`;
  const refused = await troubled(facts, ["limit-range"], widen);
  return findingsOr(
    [...refused, ...findings],
    ranges.length === 0 ? "none" : `${ranges.length} that fit`,
  );
}

function rangeFindings(range: JsonObject, workloads: readonly JsonObject[]): Finding[] {
  const { name, namespace } = objectAt(range, "metadata") as { [key: string]: string };
  const limits = (objectAt(range, "spec")["limits"] ?? []) as JsonObject[];
  const containerLimits = limits.filter(({ type }) => type === "Container");
  return workloads
    .filter((live) => textAt(live, "metadata", "namespace") === namespace && wantedPods(live) > 0)
    .flatMap((live) => {
      const spec = objectAt(live, "spec", "template", "spec");
      const containers = [
        ...containersOf(spec, "containers"),
        ...containersOf(spec, "initContainers"),
      ];
      return containers.flatMap((container) =>
        containerLimits.flatMap((limit) => {
          const cause = outOfRange(container, limit);
          return cause === undefined
            ? []
            : {
                symptom: `the limit range ${name} of the namespace ${namespace} refuses pods of ${textAt(live, "metadata", "name")}`,
                cause,
                fix: `kubectl -n ${namespace} edit limitrange ${name}`,
              };
        }),
      );
    });
}

function outOfRange(container: JsonObject, { min, max }: JsonObject): string | undefined {
  const has = (section: string) => amountsOf(objectAt(container, "resources", section));
  const [requests, limits] = [has("requests"), has("limits")];
  const name = String(container["name"]);
  const shown = quantityText;
  for (const [resource, most] of Object.entries(amountsOf(objectAt(max)))) {
    const value = limits[resource];
    if (value !== undefined && value > most)
      return `its container ${name} has a limit of ${shown(resource, value)} of ${resource}, and ${shown(resource, most)} is the most`;
  }
  for (const [resource, least] of Object.entries(amountsOf(objectAt(min)))) {
    const value = requests[resource];
    if (value !== undefined && value < least)
      return `its container ${name} requests ${shown(resource, value)} of ${resource}, and ${shown(resource, least)} is the least`;
  }
  return undefined;
}

async function storageClass({ list, settings }: Facts): Promise<Seen> {
  const { storageClassName: wanted } = settings.config;
  const classes = await list("/apis/storage.k8s.io/v1/storageclasses");
  const names = classes.map((one) => textAt(one, "metadata", "name") ?? "");
  const symptom = "the platform's claims get no volume";
  const choose = `pulumi config set storageClassName NAME, with one of ${names.join(", ") || "those that an administrator must create first"}`;
  if (wanted !== undefined && !names.includes(wanted)) {
    return [{ symptom, cause: `there is no storage class ${wanted}`, fix: choose }];
  }
  const isDefault = (one: JsonObject) =>
    objectAt(one, "metadata", "annotations")["storageclass.kubernetes.io/is-default-class"] ===
    "true";
  const usual = textAt(classes.find(isDefault), "metadata", "name");
  if (wanted === undefined && usual === undefined) {
    const cause = "no storage class of the cluster is the default one";
    return [{ symptom, cause, fix: choose }];
  }
  return wanted ?? `${usual} by default`;
}

async function claims(facts: Facts): Promise<Seen> {
  const client = await facts.client();
  const found = await facts.ours("v1/persistentvolumeclaims");
  const troubles = await Promise.all(
    found.map(async (claim) => ({ claim, trouble: await claimTrouble(client, claim) })),
  );
  const bound = found.filter((claim) => textAt(claim, "status", "phase") === "Bound");
  return findingsOr(
    troubles.flatMap(({ claim, trouble }) => {
      if (!trouble) return [];
      const { name, namespace } = objectAt(claim, "metadata") as { [key: string]: string };
      return {
        symptom: `the claim ${name} is not bound`,
        cause: trouble.text,
        fix: `set storageClassName to a class of \`kubectl get storageclasses\`, or make one; then see \`kubectl -n ${namespace} describe pvc ${name}\``,
      };
    }),
    `${bound.length} of ${found.length} bound`,
  );
}

async function scheduling(facts: Facts): Promise<Seen> {
  const findings = await troubled(
    facts,
    ["resources", "node"],
    () =>
      'request less (for example `--config trackingResources={"cpuRequest":"100m"}`), free the node, or add one',
  );
  return findingsOr(findings, "every pod is scheduled");
}

async function ports(facts: Facts): Promise<Seen> {
  const refused = await troubled(
    facts,
    ["host-port"],
    () => "set nodeExporterPort to a free port, or stop the program that uses it",
  );
  const access = await facts.access();
  const seen = await portsForPreview(facts.settings, access, facts.deployment?.target);
  const taken = portFaults(facts.settings.config, seen).map((fault): Finding => {
    const [cause = "", fix = ""] = fault.split("; ");
    return { symptom: "a port of the cluster is taken", cause, fix };
  });
  return findingsOr([...refused, ...taken], "none is taken by others");
}
