import { readFileSync } from "node:fs";
import type { DeclaredResource } from "../ci/brokenPolicies.ts";
import { services } from "../components/index.ts";
import { UserError } from "../local/support/errors.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import { deleteJob, jobNamed, runJob } from "./backupJobs.ts";

const job = "postgres-upgrade";
const script = readFileSync(new URL("upgradePostgres.sh", import.meta.url), "utf8");
const { name: statefulSet, port } = services.postgres;

/** Told whether the stack is deployed now. */
type Finish = (isDeployed: boolean) => Promise<void>;

/**
 * Sees to it that a Postgres in the cluster that gets another image can read its data, before anything is changed. With
 * `upgrade`, data of an earlier major version is copied by a Job in the new image, and the new server's first start
 * takes the copy. Costs one request where the image stays.
 * @throws UserError with the command where the image has another major version
 */
export async function preparePostgres(
  client: KubernetesClient,
  namespace: string,
  declared: readonly DeclaredResource[],
  upgrade: boolean,
): Promise<Finish> {
  const live = await client.get({
    ...{ apiVersion: "apps/v1", kind: "StatefulSet" },
    metadata: { name: statefulSet, namespace },
  });
  const image = imageOf(
    declared.find(
      ({ type, inputs }) =>
        type === "kubernetes:apps/v1:StatefulSet" &&
        textAt(inputs, "metadata", "name") === statefulSet,
    )?.inputs,
  );
  if (!live || image === undefined) return async () => {};
  if (image === imageOf(live) && !(await client.get(jobNamed(job, namespace))))
    return async () => {};
  if (upgrade && objectAt(live, "spec")["replicas"] === 0) {
    throw new UserError(
      "Postgres must run to be upgraded, and the stack is paused; run `npm run up` with paused=false and the earlier image first",
    );
  }
  const site = { client, namespace };
  // goes with the server, at the latest
  const metadata = { ownerReferences: [ownedBy(live)] };
  let last = "";
  const code = await runJob(
    site,
    job,
    { metadata, spec: jobSpec(live, image, upgrade) },
    (line) => {
      if (line.startsWith("the Job ")) return;
      last = line;
      console.error(`  ${line}`);
    },
  );
  if (code !== 0) throw new UserError(`Postgres: ${last}; nothing was deployed`);
  return async (isDeployed) => {
    // what it has left is found by the next `up`
    if (isDeployed) await deleteJob(site, job);
    else if (upgrade) {
      console.error(
        "Postgres can only be read until its upgrade is finished; run this command again, or `npm run up` with the earlier image to undo the upgrade",
      );
    }
  };
}

const ownedBy = (live: JsonObject) => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  name: statefulSet,
  uid: textAt(live, "metadata", "uid") ?? "",
});

const templateOf = (workload: JsonObject = {}) => objectAt(workload, "spec", "template");
const containerOf = (workload?: JsonObject) =>
  (objectAt(templateOf(workload), "spec")["containers"] as JsonObject[] | undefined)?.[0];

const imageOf = (workload?: JsonObject) => textAt(containerOf(workload) ?? {}, "image");

/** The server's own pod, but for the command: it has the volume, the settings and the rights. */
function jobSpec(live: JsonObject, image: string, upgrade: boolean): JsonObject {
  const { labels } = objectAt(templateOf(live), "metadata");
  const { initContainers: _, ...pod } = objectAt(templateOf(live), "spec");
  const { env, resources, securityContext, volumeMounts } = containerOf(live) as JsonObject;
  const runs = objectAt(live, "spec")["replicas"] !== 0;
  return {
    activeDeadlineSeconds: upgrade ? 21_600 : 300,
    backoffLimit: 3,
    podFailurePolicy: {
      rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [1] } }],
    },
    template: {
      metadata: {
        // may reach Postgres as MLflow's pods may, and belongs to no Service
        labels: {
          ...(labels as JsonObject),
          "app.kubernetes.io/name": services.tracking.name,
          "app.kubernetes.io/instance": job,
        },
      },
      spec: {
        ...pod,
        restartPolicy: "Never",
        // a volume for one node is where the server runs
        ...(runs && { affinity: { podAffinity: nextToServer(live) } }),
        containers: [
          {
            name: "upgrade",
            image,
            command: ["bash", "-c", script],
            env: [
              ...(env as JsonObject[]),
              { name: "SERVER_HOST", value: statefulSet },
              { name: "SERVER_PORT", value: `${port}` },
              ...(upgrade ? [{ name: "UPGRADE", value: "yes" }] : []),
            ],
            resources,
            securityContext,
            volumeMounts,
          },
        ],
      },
    },
  } as JsonObject;
}

const nextToServer = (live: JsonObject) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: objectAt(live, "spec", "selector"),
    },
  ],
});
