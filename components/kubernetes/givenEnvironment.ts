import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { StringMap } from "./arguments.ts";
import { environment } from "./pods.ts";

type Variables = ReturnType<typeof environment>;

/**
 * Keeps all of the caller's variables in a Secret, because only the caller knows which are confidential. The returned
 * function merges them over the variables of a container.
 */
export function givenEnvironment(
  name: string,
  given: StringMap = {},
  metadata: k8s.types.input.meta.v1.ObjectMeta,
  child: pulumi.CustomResourceOptions,
): (own: Variables) => Variables {
  const names = Object.keys(given);
  if (names.length === 0) return (own) => own;
  const stringData = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, pulumi.secret(value)]),
  );
  const secret = new k8s.core.v1.Secret(
    `${name}-environment`,
    { metadata, immutable: true, stringData },
    child,
  );
  const references = Object.fromEntries(names.map((key) => [key, key]));
  return (own) => [
    ...own.filter((variable) => !names.includes(variable.name)),
    ...environment({}, secret.metadata.name, references),
  ];
}
