import * as client from "@kubernetes/client-node";

interface Model {
  getAttributeTypeMap(): { baseName: string; type: string }[];
}

const modelOf = (type: string) => (client as unknown as Record<string, Model | undefined>)[type];

/** Fields of an object that Kubernetes does not know; of kinds that others define, only what all kinds have. */
export function objectFaults(object: Record<string, unknown>): string[] {
  const { apiVersion, kind, metadata } = object;
  const isOurs = /^(v1|apps\/v1|batch\/v1|(\w+\.)+k8s\.io\/v1)$/.test(String(apiVersion));
  const type = `V1${String(kind)}`;
  if (!isOurs) return fieldFaults("metadata", metadata, "V1ObjectMeta");
  return modelOf(type)
    ? fieldFaults(String(kind), object, type)
    : [`${String(kind)} is not a kind`];
}

function fieldFaults(path: string, value: unknown, type: string): string[] {
  const [, item] = /^Array<(.*)>$/.exec(type) ?? [];
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${path} must be a list`];
    return value.flatMap((one, at) => fieldFaults(`${path}[${at}]`, one, item));
  }
  const fields = modelOf(type)?.getAttributeTypeMap?.();
  if (fields === undefined) {
    const isPlain = ["string", "number", "boolean"].includes(type);
    return isPlain && typeof value !== type ? [`${path} must be a ${type}`] : [];
  }
  if (typeof value !== "object" || value === null) return [`${path} must be a map`];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = fields.find(({ baseName }) => baseName === key);
    return field
      ? fieldFaults(`${path}.${key}`, inner, field.type)
      : [`${path}.${key} is not a field`];
  });
}
