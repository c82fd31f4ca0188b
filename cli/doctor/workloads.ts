import { setByHand } from "../../local/support/changedByHand.ts";
import { type JsonObject, objectAt, textAt } from "../../local/support/propertyValues.ts";
import { troubled } from "./capacity.ts";
import { type Check, type Finding, findingsOr, type Seen } from "./check.ts";
import type { Facts } from "./facts.ts";

/** Whether the platform's pods run, and its objects are as `up` left them. */
export const workloadChecks: readonly Check[] = [
  { name: "images", run: images },
  { name: "pod-security", run: podSecurity },
  { name: "admission", run: admission },
  { name: "pods", run: pods },
  { name: "field-owners", run: fieldOwners },
  { name: "releases", run: releases },
];

const inNamespace = (command: string) => (live: JsonObject) =>
  `kubectl -n ${textAt(live, "metadata", "namespace")} ${command}`;

async function images(facts: Facts): Promise<Seen> {
  const { imageRegistry, cluster } = facts.settings.config;
  const isPushed = cluster === "gke" || !imageRegistry.startsWith("localhost");
  const command = `npm run images -- ${isPushed ? "--push " : ""}--stack ${facts.settings.stack}`;
  const fix = (live: JsonObject) =>
    JSON.stringify(live).includes(`"image":"${imageRegistry}/`)
      ? command
      : `check the image's name, the registry and imagePullSecrets of ${textAt(live, "metadata", "name")}`;
  return findingsOr(await troubled(facts, ["image"], fix), "every image is there");
}

async function podSecurity(facts: Facts): Promise<Seen> {
  const fix =
    "make the image run without root and with a read-only root file system, or run it in another namespace";
  const findings = await troubled(facts, ["pod-security"], () => fix);
  return findingsOr(findings, "every pod is admitted");
}

async function admission(facts: Facts): Promise<Seen> {
  const fix = "ask the owner of the webhook or policy that the message names";
  return findingsOr(await troubled(facts, ["refused"], () => fix), "nothing refuses pods");
}

async function pods(facts: Facts): Promise<Seen> {
  const ailing = await facts.ailing();
  const broken = await troubled(facts, ["crash", "not-ready", "configuration"], (live) =>
    inNamespace(
      `describe ${String(live["kind"]).toLowerCase()} ${textAt(live, "metadata", "name")}`,
    )(live),
  );
  const silent = ailing
    .filter(({ trouble }) => trouble === undefined)
    .map(({ name, live, lack }): Finding => ({
      symptom: `${name}: ${lack}`,
      cause: "it starts or stops right now, or its pods are gone",
      fix: inNamespace("get events --sort-by=.lastTimestamp")(live),
    }));
  const count = (await facts.workloads()).length;
  return findingsOr(
    [...broken, ...silent],
    `${count - ailing.length} of ${count} workloads are ready`,
  );
}

async function fieldOwners(facts: Facts): Promise<Seen> {
  const foreign = (await facts.workloads()).flatMap((live) => {
    const { name, namespace } = objectAt(live, "metadata");
    return setByHand(live).map(({ manager, keys }): Finding => ({
      symptom: `${textAt(live, "kind")} ${String(name)} was changed by hand`,
      cause: `${manager} owns ${keys.map((key) => `spec.${key}`).join(", ") || "a field"} of it in the namespace ${String(namespace)}`,
      fix: `npm run up -- --stack ${facts.settings.stack}`,
      isWarning: true,
    }));
  });
  return findingsOr(foreign, "nothing was changed by hand");
}

async function releases({ ours }: Facts): Promise<Seen> {
  const records = await ours("v1/secrets?labelSelector=owner=helm");
  const pending = records.filter((record) =>
    textAt(record, "metadata", "labels", "status")?.startsWith("pending-"),
  );
  return findingsOr(
    pending.map((record): Finding => {
      const { name: release, status } = objectAt(record, "metadata", "labels");
      return {
        symptom: `Helm says of ${String(release)} that another operation is in progress`,
        cause: `a run was killed while Helm was working (${String(status)})`,
        fix: "npm run up",
      };
    }),
    `${new Set(records.map((record) => textAt(record, "metadata", "labels", "name"))).size} of Helm`,
  );
}
