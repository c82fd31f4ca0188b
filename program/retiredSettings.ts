import { stringify } from "yaml";
import { put, type Tree } from "./setting.ts";

/** Settings of a single model, and where their values are now. */
const keyNow: Readonly<Record<string, string>> = {
  modelName: "",
  modelAlias: "alias",
  experimentName: "experimentName",
  servingNodePort: "nodePort",
  servingReplicas: "replicas",
  servingMaxReplicas: "autoscaling.maxReplicas",
  servingTargetCpuPercent: "autoscaling.targetCpuPercent",
  servingAllowPickle: "allowPickle",
  trainingSchedule: "schedule",
  trainExampleModel: "train",
};

/** Settings that have another name now. */
const nameNow: Readonly<Record<string, string>> = { monitoringImageRegistry: "imageMirror" };

export const isRetired = (key: string): boolean =>
  Object.hasOwn(keyNow, key) || Object.hasOwn(nameNow, key);

/** What to write instead of retired settings that a stack still has; nothing where it has none. */
export function retiredFault(
  project: string,
  given: readonly string[],
  get: (key: string) => string | undefined,
): string[] {
  const write = (key: string, value: unknown) => {
    const config = { [`${project}:${key}`]: value };
    const lines = stringify({ config }, { lineWidth: 0 }).trimEnd().split("\n");
    return `write\n\n${lines.map((line) => `      ${line}`).join("\n")}\n`;
  };
  const faults = Object.keys(nameNow)
    .filter((key) => given.includes(key))
    .map(
      (key) =>
        `${key} is ${nameNow[key]} now; remove it from the stack's file and ${write(nameNow[key]!, get(key))}`,
    );
  const keys = Object.keys(keyNow).filter((key) => given.includes(key));
  if (keys.length === 0) return faults;
  const models = { [get("modelName") || "diabetes-progression"]: model(get) };
  return [
    ...faults,
    `models are a list, and ${keys.join(", ")} went into it; remove ${keys.length === 1 ? "it" : "them"} from the stack's file and ${write("models", models)}`,
  ];
}

function model(get: (key: string) => string | undefined): Tree {
  const written = Object.keys(keyNow).flatMap((key) => {
    const value = get(key);
    return value === undefined || value === "" || key === "modelName"
      ? []
      : [[key, value] as const];
  });
  const given = Object.fromEntries(written);
  const { servingMaxReplicas, servingReplicas, servingTargetCpuPercent: _, ...fixed } = given;
  const isScaled = servingMaxReplicas !== undefined;
  const made: Tree = {};
  for (const [key, value] of Object.entries(
    isScaled ? given : { ...fixed, ...(servingReplicas && { servingReplicas }) },
  )) {
    const argument =
      isScaled && key === "servingReplicas" ? "autoscaling.minReplicas" : keyNow[key]!;
    put(made, argument, /^(true|false|\d+)$/.test(value) ? (JSON.parse(value) as unknown) : value);
  }
  return made;
}
