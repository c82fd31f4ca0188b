import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { podTemplates } from "./podSecurity.ts";
import { record, type Recorded, type Recording, refusal } from "./recorder.ts";
import { changeLines, differences } from "./wire.ts";

/*
 * The questions that every component answers in its test: what does it make, what does each argument change,
 * what does it refuse, and does a first preview, which knows next to nothing, get through.
 */

type Make<Args> = (name: string, args: Args) => pulumi.ComponentResource;

/** One argument given alone, and everything that follows from it. */
export interface ArgumentCase<Args, Value> {
  value: Value;
  /** Arguments without which this one means nothing. */
  with?: Partial<Args>;
  /** Arguments of the base whose place it takes. */
  replaces?: (keyof Args)[];
  /** As `changeLines` prints them, complete; a function of what there is where the list would be long. */
  changes: string[] | ((resources: readonly Recorded[]) => string[]);
}

/** A table with a row for every argument there is: a new argument without a row does not compile. */
export type ArgumentTable<Args> = {
  [Name in keyof Required<Args>]: ArgumentCase<Args, Required<Args>[Name]>;
};

/** Each argument, given alone, changes exactly what its row says. */
export function describeArguments<Args extends object>(
  make: Make<Args>,
  name: string,
  base: Args,
  table: ArgumentTable<Args>,
): void {
  describe("each argument by itself changes exactly", () => {
    const rows = Object.entries<ArgumentCase<Args, unknown>>(table);
    let plain: Promise<Recording<unknown>> | undefined;
    test.each(rows)("%s", async (argument, { value, with: needed, replaces = [], changes }) => {
      const without = { ...base, ...needed };
      const recorded = () => record(() => make(name, without));
      const before = await (needed ? recorded() : (plain ??= recorded()));
      const given = { ...without, [argument]: value };
      for (const replaced of replaces) delete given[replaced];
      const after = await record(() => make(name, given));
      const expected = typeof changes === "function" ? changes(before.resources) : changes;
      const found = changeLines(differences(before.resources, after.resources));
      expect(found.sort()).toEqual([...expected].sort());
    });
  });
}

/** Rows for where the pods of workloads may run and how their images are pulled. */
export function podSettingRows(...workloads: string[]) {
  const changes = (...lines: string[]) =>
    workloads.flatMap((name) => lines.map((line) => `${name} spec.template.spec.${line}`));
  return {
    nodeSelector: {
      value: { pool: "ml" },
      changes: changes("nodeSelector.pool: ∅ → ml"),
    },
    tolerations: {
      value: [{ key: "dedicated", operator: "Exists" }],
      changes: changes("tolerations[0].key: ∅ → dedicated", "tolerations[0].operator: ∅ → Exists"),
    },
    imagePullSecrets: {
      value: ["registry"],
      changes: changes("imagePullSecrets[registry].name: ∅ → registry"),
    },
    podPatch: {
      value: { priorityClassName: "high" },
      changes: changes("priorityClassName: ∅ → high"),
    },
  };
}

/** The row for a login to MLflow that is in an existing Secret, in so many variables of the workload. */
export const trackingSecretRow = (workload: string, credentials: string, ...places: string[]) => ({
  value: "mine",
  replaces: ["trackingUsername", "trackingPassword"] as ["trackingUsername", "trackingPassword"],
  changes: [
    `- ${credentials}`,
    `${workload} options.dependsOn: -${credentials}`,
    ...places.flatMap((place) =>
      ["USERNAME", "PASSWORD"].map(
        (what) =>
          `${workload} ${place}.env[MLFLOW_TRACKING_${what}].valueFrom.secretKeyRef.name: ${credentials}-1a2b3c → mine`,
      ),
    ),
  ],
});

/** Each faulty set of arguments is refused with exactly this sentence, before anything is registered. */
export function describeRefusals<Args extends object>(
  make: Make<Args>,
  name: string,
  base: Args,
  rows: [faulty: Partial<Args>, sentence: string][],
): void {
  describe("refuses, before anything is registered", () => {
    const named = rows.map(([faulty, sentence]) => ({
      given: JSON.stringify(faulty),
      faulty,
      sentence,
    }));
    test.each(named)("$given", async ({ faulty, sentence }) => {
      const { message, registered } = await refusal(() => make(name, { ...base, ...faulty }));
      expect(message).toBe(sentence);
      expect(registered).toBe(0);
    });
  });
}

/** A preview in which no output of any resource is known declares the same tree. */
export function describePreview<Args extends object>(
  make: Make<Args>,
  name: string,
  base: Args,
  withUnknown: (unknown: pulumi.Output<string>) => Partial<Args>,
): void {
  test("a preview with only unknown values declares the same tree", async () => {
    const known = await record(() => make(name, base));
    const program = () => {
      const unknown = new random.RandomPassword("not-known-yet", { length: 8 }).result;
      make(name, { ...base, ...withUnknown(unknown) });
    };
    const { resources } = await record(program, { preview: true });
    const own = resources.filter((resource) => resource.name !== "not-known-yet");
    expect(tree(own)).toEqual(tree(known.resources));
  });
}

/** A line for the metadata of every object in the cluster, and of every pod that one of them makes. */
export const everywhere =
  (line: string) =>
  (resources: readonly Recorded[]): string[] => [
    ...objects(resources).map(({ name }) => `${name} metadata.${line}`),
    ...objects(resources)
      .filter(({ type }) => type.endsWith(":CronJob"))
      .map(({ name }) => `${name} spec.jobTemplate.metadata.${line}`),
    ...podTemplates(resources).map(({ workload, path }) => `${workload} ${path}.metadata.${line}`),
  ];

/** What the resources make in the cluster. */
export const objects = (resources: readonly Recorded[]): Recorded[] =>
  resources.filter(({ type }) => type.startsWith("kubernetes:"));

/** `kind name < parent` of every resource, sorted. */
export function tree(resources: readonly Recorded[]): string[] {
  return resources
    .map(({ type, name, parent }) => `${type} ${name}${parent ? ` < ${parent}` : ""}`)
    .sort();
}
