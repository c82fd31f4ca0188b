import type { DeclaredResource } from "../../ci/brokenPolicies.ts";
import { preparePostgres } from "../../cli/postgresUpgrade.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import type { JsonObject } from "../../local/support/propertyValues.ts";
import { runProgram } from "../support/program.ts";
import { podFaults } from "../support/podSecurity.ts";

/* What `up` does before it deploys another image of Postgres: on the StatefulSet that the program declares. */

let declared: DeclaredResource[];
beforeAll(async () => {
  declared = (await runProgram()).resources as unknown as DeclaredResource[];
});

const server = () =>
  declared.find(({ type }) => type === "kubernetes:apps/v1:StatefulSet")!.inputs as JsonObject & {
    spec: { replicas: number; template: { spec: { containers: [{ image: string }] } } };
  };

/** A cluster with this server, and a Job that prints a line and ends. */
class Cluster {
  readonly jobs = new Map<string, any>();
  readonly made: any[] = [];

  readonly live: JsonObject | undefined;
  readonly end: { type: "Complete" | "Failed"; line: string };

  constructor(live: Cluster["live"], end: Cluster["end"]) {
    [this.live, this.end] = [live, end];
  }

  get = ({ kind, metadata }: any) =>
    Promise.resolve(kind === "Job" ? this.jobs.get(metadata.name) : this.live);

  delete = ({ metadata }: any) => Promise.resolve(void this.jobs.delete(metadata.name));

  request = (method: string, path: string, body?: any) => {
    if (method === "POST") {
      this.jobs.set(body.metadata.name, body);
      this.made.push(body);
    }
    if (path.includes("/pods")) {
      const status = { phase: "Running", containerStatuses: [{ name: "upgrade", state: {} }] };
      return Promise.resolve({ items: [{ metadata: { name: "pod" }, spec: {}, status }] });
    }
    return Promise.resolve({ status: { conditions: [{ type: this.end.type, status: "True" }] } });
  };

  logs = () => Promise.resolve(`${this.end.line}\n`);
}

const withImage = (image: string, replicas = 1) => {
  const live = structuredClone(server());
  live.spec.template.spec.containers[0].image = image;
  live.spec.replicas = replicas;
  (live["metadata"] as JsonObject)["uid"] = "server-uid";
  return live;
};
const prepare = (cluster: Cluster, upgrade: boolean) =>
  preparePostgres(cluster as unknown as KubernetesClient, "mlops", declared, upgrade);
const well = { type: "Complete", line: "equal" } as const;

test("no upgrade is offered where there is no server yet, or its image stays", async () => {
  const image = server().spec.template.spec.containers[0].image;
  for (const cluster of [new Cluster(undefined, well), new Cluster(withImage(image), well)]) {
    await (
      await prepare(cluster, false)
    )(true);
    expect(cluster.made).toEqual([]);
  }
});

test("the data of an image that changes is moved on the server's volume, with its rights, in the new image", async () => {
  const cluster = new Cluster(withImage("postgres:17"), well);
  const finish = await prepare(cluster, true);
  const { spec } = cluster.made[0].spec.template;
  const [container] = spec.containers;
  // what a failed one leaves is no reason for `down` to stop
  expect(cluster.made[0].metadata.ownerReferences).toMatchObject([
    { kind: "StatefulSet", name: "postgres", uid: "server-uid" },
  ]);
  expect(container.image).toBe(server().spec.template.spec.containers[0].image);
  expect(container.env).toContainEqual({ name: "UPGRADE", value: "yes" });
  expect(container.env).toContainEqual(expect.objectContaining({ name: "POSTGRES_PASSWORD" }));
  expect(spec.volumes).toContainEqual({
    name: "data",
    persistentVolumeClaim: { claimName: "postgres-data" },
  });
  expect(spec).not.toHaveProperty("initContainers");
  expect(podFaults(spec)).toEqual([]);
  // on the node of a volume that only one node may have
  const [term] = spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  expect(term.labelSelector.matchLabels).toMatchObject({ "app.kubernetes.io/name": "postgres" });
  await finish(true);
  expect(cluster.jobs.size).toBe(0);
});

test("what the Job refuses ends `up`, before anything is deployed", async () => {
  const cluster = new Cluster(withImage("postgres:17"), {
    type: "Failed",
    line: "the data is of Postgres 17; run `npm run up -- --upgrade-postgres`",
  });
  await expect(prepare(cluster, false)).rejects.toThrow(
    /Postgres 17; run `npm run up -- --upgrade-postgres`; nothing was deployed/,
  );
  // the next `up` finds what is left, though the image is the old one again
  const image = server().spec.template.spec.containers[0].image;
  const again = new Cluster(withImage(image), well);
  again.jobs.set("postgres-upgrade", cluster.made[0]);
  await (
    await prepare(again, false)
  )(true);
  expect([again.made.length, again.jobs.size]).toEqual([1, 0]);
});

test("a stack that is paused has no server to move the data of", async () => {
  const cluster = new Cluster(withImage("postgres:17", 0), well);
  await expect(prepare(cluster, true)).rejects.toThrow(/paused/);
  expect(cluster.made).toEqual([]);
});
