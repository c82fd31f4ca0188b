import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { which } from "../../../local/support/process.ts";
import { containersOf, podFaults } from "../../support/podSecurity.ts";
import type { Json, JsonObject } from "../../support/recorder.ts";
import { isObject, readable } from "../../support/wire.ts";

/** A test that needs KubeRay's definitions, which come with its Go module. */
export const fitting = which("go") ? test : test.skip;

const kubeRay = "github.com/ray-project/kuberay/ray-operator@v1.5.0";

/** The folder of KubeRay's Go module, which holds its definitions. */
let folder: string | undefined;
function moduleFolder(): string {
  const { stdout } = spawnSync("go", ["mod", "download", "-json", kubeRay], { encoding: "utf8" });
  return String((JSON.parse(stdout) as JsonObject)["Dir"]);
}

/** Kubernetes silently drops a field that a definition does not have: here it is a fault. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  const isOpen =
    !isObject(schema["properties"] ?? null) ||
    schema["type"] !== "object" ||
    schema["x-kubernetes-preserve-unknown-fields"] === true;
  return isOpen ? inner : { ...inner, additionalProperties: false };
}

/** The pods of an object, however deep. */
const podsIn = (value: Json): JsonObject[] => {
  if (Array.isArray(value)) return value.flatMap(podsIn);
  if (!isObject(value)) return [];
  return "containers" in value ? [value] : Object.values(value).flatMap(podsIn);
};

/** Fails where an object has a field that KubeRay does not know, or a pod that is not as guarded as ours are. */
export function expectFits(kind: "rayclusters" | "rayjobs", inputs: JsonObject): void {
  folder ??= moduleFolder();
  const text = readFileSync(join(folder, "config/crd/bases", `ray.io_${kind}.yaml`), "utf8");
  const { versions } = (parse(text) as { spec: { versions: JsonObject[] } }).spec;
  const { schema } = versions.find(({ name }) => name === "v1")!;
  const { spec } = ((schema as JsonObject)["openAPIV3Schema"] as JsonObject)[
    "properties"
  ] as JsonObject;
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(
    closed(spec!) as object,
  );
  const object = readable(inputs["spec"]!);
  validate(object);
  expect(validate.errors).toBeNull();
  const pods = podsIn(object);
  expect(pods.length).toBeGreaterThan(1);
  expect(pods.map(podFaults)).toEqual(pods.map(() => []));
  expect(pods.flatMap(containersOf).length).toBe(pods.length);
}
