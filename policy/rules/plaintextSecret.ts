import { secretsOf } from "../../components/core/secretTexts.ts";
import { chartValues } from "../helm.ts";
import { commandLine, containerName, containersOf, flagsOf, variablesOf } from "../podSpecs.ts";
import type { ResourceRule } from "../rule.ts";
import { at, isValues, textsIn, type Values } from "../values.ts";

export const plaintextSecret: ResourceRule = {
  name: "plaintext-secret",
  description:
    "Secret values are only in Secrets, never in a variable, argument, ConfigMap or Helm value.",
  level: "mandatory",
  check(resource) {
    const { type, values } = resource;
    if (type === "kubernetes:core/v1:ConfigMap") {
      return secretsIn(at(values, "data")).map(
        ([path, what]) => `data.${path} holds ${what}; keep it in a Secret`,
      );
    }
    const chart = secretsIn(chartValues(resource)).map(
      ([path, what]) =>
        `values.${path} is ${what}, which the release shows to anyone who may read it; keep it in a Secret and name that (existingSecret)`,
    );
    const containers = containersOf(resource)
      .flatMap(containerFaults)
      .map((fault) => `${fault}; keep it in a Secret and use secretKeyRef`);
    return [...chart, ...containers];
  },
};

function containerFaults(container: Values): string[] {
  const named = [...variablesOf(container), ...flagsOf(container)].flatMap(([name, value]) =>
    secretsOf(name, value).map((what) => `${name} of ${containerName(container)} is ${what}`),
  );
  if (named.length > 0) return named;
  return secretsOf("", commandLine(container).join(" ")).map(
    (what) => `the command line of ${containerName(container)} holds ${what}`,
  );
}

/** The paths of secrets in a tree. A list of `{ name, value }` is read as the variables that it is. */
function secretsIn(tree: unknown): (readonly [path: string, what: string])[] {
  return [...textsIn(withNames(tree))].flatMap(([path, text]) =>
    secretsOf(path.at(-1) ?? "", text).map((what) => [path.join("."), what] as const),
  );
}

function withNames(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withNames);
  if (!isValues(tree)) return tree;
  const { name, value } = tree;
  if (typeof name === "string" && typeof value === "string") return { [name]: value };
  return Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, withNames(inner)]));
}
