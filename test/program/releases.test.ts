import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { holders } from "../../ci/risks.ts";
import { record, type Json, type JsonObject, type Recorded } from "../support/recorder.ts";
import { runProgram } from "../support/program.ts";
import { combinations, type Combination } from "../support/targets.ts";
import { readable } from "../support/wire.ts";

/*
 * What an `up` with this release does to a stack of the last one, as far as that is known without a cluster: every
 * resource of releases/VERSION.json must be found again, under its URN or an alias, and unchanged where a change would
 * replace it. CONTRIBUTING.md has the command that records this tree as that of a release.
 */

/** Inputs that replace a resource when they change, as paths. A provider has more; these are the ones that we set. */
const replacing: Readonly<Record<string, readonly string[]>> = {
  "kubernetes:core/v1:PersistentVolumeClaim": [
    "spec.accessModes",
    "spec.storageClassName",
    "spec.volumeName",
  ],
  "kubernetes:apps/v1:StatefulSet": ["spec.selector", "spec.serviceName"],
  "kubernetes:apps/v1:Deployment": ["spec.selector"],
  "random:index/randomPassword:RandomPassword": [
    ...["length", "special", "overrideSpecial", "keepers"],
    ...["upper", "lower", "numeric", "minUpper", "minLower", "minNumeric", "minSpecial"],
  ],
  "random:index/randomId:RandomId": ["byteLength", "prefix", "keepers"],
  "gcp:sql/databaseInstance:DatabaseInstance": ["name", "project", "region", "encryptionKeyName"],
  "gcp:sql/database:Database": ["name", "project", "instance", "charset", "collation"],
  "gcp:storage/bucket:Bucket": ["name", "project", "location", "enableObjectRetention"],
  "gcp:container/cluster:Cluster": [
    ...["name", "project", "location", "network", "subnetwork", "enableAutopilot"],
    ...["networkingMode", "ipAllocationPolicy", "privateClusterConfig.enablePrivateNodes"],
  ],
  "gcp:artifactregistry/repository:Repository": ["repositoryId", "project", "location", "format"],
};

/** By its URN, what of a resource must stay. */
type Tree = Record<string, JsonObject>;

const at = (value: Json | undefined, path: string): Json | undefined =>
  path
    .split(".")
    .reduce<Json | undefined>((found, key) => (found as JsonObject | undefined)?.[key], value);

/** What decides whether it is replaced: of Kubernetes' objects also the name, where we give it. */
function kept({ type, inputs }: Recorded): JsonObject {
  const paths = [
    ...(type.startsWith("kubernetes:") ? ["metadata.name", "metadata.namespace"] : []),
    ...(replacing[type] ?? []),
  ];
  const values = readable(inputs) as JsonObject;
  return Object.fromEntries(
    paths.flatMap((path) => {
      const value = at(values, path);
      return value === undefined ? [] : [[path, value]];
    }),
  );
}

/** What an `up` must find again: what holds data, and objects whose name cannot be there twice. A policy is called as its resource. */
const treeOf = (resources: readonly Recorded[]): Tree =>
  Object.fromEntries(
    resources
      .filter(({ custom, type }) => custom && !type.endsWith(":NetworkPolicy"))
      .map((resource) => [shortUrn(resource.urn), resource, kept(resource)] as const)
      .filter(([, { type }, inputs]) => type in holders || inputs["metadata.name"] !== undefined)
      .map(([urn, , inputs]) => [urn, inputs]),
  );

const shortUrn = (urn: string) => urn.replace(/^urn:pulumi:[^:]+::[^:]+::/, "");
const typeIn = (urn: string) => urn.split("::")[0]!.split("$").at(-1)!;

/** What a deployment does to the resources of a tree, in sentences. Permitted changes are not among them. */
function losses(deployed: Tree, resources: readonly Recorded[]): string[] {
  const byUrn = new Map<string, Recorded>();
  for (const resource of resources) {
    for (const urn of [resource.urn, ...resource.aliasUrns]) byUrn.set(shortUrn(urn), resource);
  }
  const objects = new Map(
    resources.map((resource) => [objectOf(resource.type, kept(resource)), resource]),
  );
  return Object.entries(deployed).flatMap(([urn, before]) => {
    const type = typeIn(urn);
    const now = byUrn.get(urn);
    if (now === undefined) {
      const other = objects.get(objectOf(type, before));
      if (before["metadata.name"] !== undefined && other) {
        return [`${urn} is now ${shortUrn(other.urn)}, which needs an alias`];
      }
      return type in holders ? [`${urn} is deleted, and with it ${holders[type]}`] : [];
    }
    const after = kept(now);
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
      (path) => JSON.stringify(before[path]) !== JSON.stringify(after[path]),
    );
    return changed.length > 0 && (type in holders || type.endsWith(":StatefulSet"))
      ? [`${urn} is replaced because of ${changed.join(", ")}`]
      : [];
  });
}

const objectOf = (type: string, inputs: JsonObject) =>
  [type, inputs["metadata.namespace"], inputs["metadata.name"]].join(" ");

const folder = join(__dirname, "releases");
const versionsIn = (names: readonly string[]) =>
  names
    .map((name) => name.replace(/\.json$/, ""))
    .sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
const recording = process.env["MLOPS_RECORD_RELEASE"];
const last = recording ?? versionsIn(readdirSync(folder)).at(-1)!;
const file = join(folder, `${last}.json`);

const current = {} as Record<Combination, Recorded[]>;
beforeAll(async () => {
  for (const [name, settings] of Object.entries(combinations)) {
    current[name as Combination] = (await runProgram(settings)).resources;
  }
  if (recording === undefined && existsSync(file)) return;
  const trees = Object.entries(current).map(([name, resources]) => {
    const lines = Object.entries(treeOf(resources))
      .sort(([one], [other]) => one.localeCompare(other, "en"))
      .map(([urn, inputs]) => `    ${JSON.stringify(urn)}: ${JSON.stringify(inputs)}`);
    return `  ${JSON.stringify(name)}: {\n${lines.join(",\n")}\n  }`;
  });
  writeFileSync(file, `{\n${trees.join(",\n")}\n}\n`);
}, 300_000);

test.each(Object.keys(combinations) as Combination[])(
  `a stack of ${last}, %s, keeps everything that holds data`,
  (name) => {
    const { [name]: deployed } = JSON.parse(readFileSync(file, "utf8")) as Record<string, Tree>;
    expect(Object.keys(deployed!).length).toBeGreaterThan(20);
    expect(losses(deployed!, current[name])).toEqual([]);
  },
);

describe("is noticed", () => {
  type Options = pulumi.CustomResourceOptions;
  /** A component with a claim and a Service. */
  const stack = async (
    names = { component: "db", claim: "db-data" },
    given: { component?: Options; claim?: Options; className?: string } = {},
  ) => {
    const { resources } = await record(async () => {
      const sdk = await import("@pulumi/pulumi");
      const k8s = await import("@pulumi/kubernetes");
      const component = new sdk.ComponentResource(
        "mlops:index:PostgresDatabase",
        names.component,
        {},
        given.component,
      );
      new k8s.core.v1.PersistentVolumeClaim(
        names.claim,
        {
          metadata: { name: "postgres-data", namespace: "mlops" },
          spec: { storageClassName: given.className ?? "fast" },
        },
        { parent: component, ...given.claim },
      );
    });
    return resources;
  };
  const claim = "mlops:index:PostgresDatabase$kubernetes:core/v1:PersistentVolumeClaim::db-data";
  const found = async (...args: Parameters<typeof stack>) =>
    losses(treeOf(await stack()), await stack(...args));

  test("nothing about unchanged resources", async () => {
    expect(await found()).toEqual([]);
  });

  test("a claim with another name, unless an alias has the old one", async () => {
    const renamed = { component: "db", claim: "db-volume" };
    expect(await found(renamed)).toEqual([
      `${claim} is now ${claim.replace("db-data", "db-volume")}, which needs an alias`,
    ]);
    expect(await found(renamed, { claim: { aliases: [{ name: "db-data" }] } })).toEqual([]);
  });

  test("a claim that has left its component, unless it has an alias", async () => {
    const sdk = await import("@pulumi/pulumi");
    const moved = { parent: sdk.rootStackResource };
    expect(await found(undefined, { claim: moved })).toEqual([expect.stringContaining("alias")]);
    const parent = "urn:pulumi:dev::test::mlops:index:PostgresDatabase::db";
    expect(await found(undefined, { claim: { ...moved, aliases: [{ parent }] } })).toEqual([]);
  });

  test("nothing where the component has an alias, which its children inherit", async () => {
    const renamed = { component: "postgres", claim: "postgres-data" };
    expect(await found(renamed, { component: { aliases: [{ name: "db" }] } })).toEqual([]);
    expect(await found(renamed)).toEqual([expect.stringContaining("needs an alias")]);
  });

  test("a claim with another storage class, and a removed one", async () => {
    expect(await found(undefined, { className: "slow" })).toEqual([
      `${claim} is replaced because of spec.storageClassName`,
    ]);
    expect(losses(treeOf(await stack()), [])).toEqual([
      `${claim} is deleted, and with it what is on the volume`,
    ]);
  });
});
