import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  componentClasses,
  type EnumValue,
  inferSchema,
  type Property,
  readSchema,
  type Schema,
} from "../../tools/docs/schema.ts";
import { workFolder } from "../../local/support/cache.ts";
import { runModule, typeErrors } from "../support/node.ts";

const schema = inferSchema();

const everyProperty = ({ resources, types }: Schema): [path: string, property: Property][] => [
  ...Object.entries(resources).flatMap(([token, { inputProperties, properties }]) => [
    ...named(`${token} argument`, inputProperties),
    ...named(`${token} output`, properties),
  ]),
  ...Object.entries(types).flatMap(([token, { properties }]) => named(token, properties ?? {})),
];
const named = (path: string, properties: Record<string, Property>) =>
  Object.entries(properties).map(([name, property]): [string, Property] => [
    `${path} ${name}`,
    property,
  ]);

test("the committed schema is what the SDK reads off the sources (else: npm run docs, and mind who breaks)", () => {
  expect(readSchema()).toEqual(schema);
});

test("no shape of an argument is called Args, which the SDKs of other languages add to its name", () => {
  expect(Object.keys(schema.types).filter((name) => name.endsWith("Args"))).toEqual([]);
});

test("every component is a resource of the package, under the token that its class registers", () => {
  expect(Object.keys(schema.resources).sort()).toEqual(
    [
      "Backup",
      "BucketArtifactStore",
      "CloudSqlDatabase",
      "DaskCluster",
      "DomainCertificate",
      "GkeCluster",
      "Grafana",
      "ImageRepository",
      "LoginProxy",
      "MlopsPlatform",
      "ModelServer",
      "NetworkFlows",
      "PlatformGateway",
      "PostgresDatabase",
      "PredictionApp",
      "PrivateNetwork",
      "ProjectServices",
      "Prometheus",
      "RayCluster",
      "RayJob",
      "ServiceAccountKey",
      "TrackingServer",
      "TrainingJob",
      "TrainingPipeline",
      "VolumeArtifactStore",
      "WorkloadIdentity",
    ].map((name) => `mlops:index:${name}`),
  );
  expect(componentClasses()).toHaveLength(26);
});

test("every component, property and value has a description in whole sentences", () => {
  const described: [path: string, thing: { description?: string }][] = [
    ...everyProperty(schema),
    ...Object.entries(schema.resources),
    ...Object.values(schema.types).flatMap((type) =>
      (type.enum ?? []).map((one): [string, EnumValue] => [one.value, one]),
    ),
  ];
  const silent = described
    .filter(([, { description }]) => !/^[A-Z0-9`/][^]*\.$/.test(description ?? ""))
    .map(([path, { description }]) => `${path}: ${description ?? "says nothing"}`);
  expect(silent).toEqual([]);
  expect(described.length).toBeGreaterThan(120);
});

test("every type that a consumer meets has a shape", () => {
  const shapeless = everyProperty(schema).filter(
    ([, property]) =>
      property.type === undefined &&
      !(property.$ref !== undefined && property.$ref.replace("#/types/", "") in schema.types),
  );
  expect(shapeless).toEqual([]);
});

test("the package compiles to JavaScript that Node runs without stripping types", () => {
  mkdirSync(workFolder, { recursive: true });
  const bin = mkdtempSync(join(workFolder, "components-bin-"));
  try {
    expect(typeErrors("-p", "components", "--outDir", bin)).toBe("");
    const main = join(bin, "index.js");
    const exported = runModule(
      `console.log(Object.keys(await import(${JSON.stringify(main)})).join())`,
    );
    expect(exported.trim().split(",")).toEqual(expect.arrayContaining(componentClasses()));
  } finally {
    rmSync(bin, { recursive: true });
  }
});
