import { isObject, type Json, type JsonObject, objectAt, textAt } from "./propertyValues.ts";

/** Tools by which people change an object, as its managed fields name them. */
const tools = /^(kubectl|k9s|lens|Mozilla)/i;

/** Which of these tools have changed an object, and which keys of its spec. */
export function setByHand(live: JsonObject): { manager: string; keys: string[] }[] {
  const { managedFields } = objectAt(live, "metadata");
  return ((managedFields ?? []) as JsonObject[]).flatMap((entry) => {
    const manager = textAt(entry, "manager") ?? "";
    if (!tools.test(manager) || entry["subresource"] === "status") return [];
    const fields = Object.keys(objectAt(entry, "fieldsV1", "f:spec"));
    return [{ manager, keys: fields.map((key) => key.replace("f:", "")) }];
  });
}

/** Whether a declared field of an object was changed by hand. Fields that are not declared do not count. */
export function isChangedByHand(live: JsonObject, declared: JsonObject): boolean {
  const [found, wanted] = [objectAt(live, "spec"), objectAt(declared, "spec")];
  const keys = setByHand(live).flatMap((one) => one.keys);
  if (isScaledToZero(live)) keys.push("replicas");
  return keys.some((key) => wanted[key] !== undefined && !holds(found[key], wanted[key]));
}

/** After a scale to zero no manager owns the field. A restore also scales the Deployment with the annotation. */
function isScaledToZero(live: JsonObject): boolean {
  const { managedFields = [] } = objectAt(live, "metadata");
  const isOwned = (managedFields as JsonObject[]).some(
    (entry) => "f:replicas" in objectAt(entry, "fieldsV1", "f:spec"),
  );
  const isShared = textAt(live, "metadata", "annotations", "pulumi.com/patchForce");
  return objectAt(live, "spec")["replicas"] === 0 && !isOwned && isShared === undefined;
}

function holds(found: Json | undefined, wanted: Json): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(found) && wanted.every((one) => found.some((item) => holds(item, one)));
  }
  if (!isObject(wanted)) return found === wanted;
  return isObject(found) && Object.keys(wanted).every((key) => holds(found[key], wanted[key]!));
}
