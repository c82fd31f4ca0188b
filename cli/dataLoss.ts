import { services } from "../components/index.ts";
import { UserError } from "../local/support/errors.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import { resourcesIn } from "./ownershipCheck.ts";

// A history of metrics is no data of people's, and goes with `monitoring: false`.
const history: readonly string[] = [services.prometheus.name, services.grafana.name];

/**
 * @throws UserError where the program no longer declares a volume of the state that holds runs, models or backups, or
 * declares it so that it would be replaced
 */
export function refuseToLoseData(state: string | undefined, declared: readonly Resource[]): void {
  const kept = new Set(declared.filter(isData).map(placeOf));
  const lost = resourcesIn(state)
    .filter((resource) => isData(resource) && !kept.has(placeOf(resource)))
    .map(({ inputs }) => textAt(inputs, "metadata", "name")!);
  if (lost.length === 0) return;
  throw new UserError(
    `the settings no longer ask for ${lost.join(", ")}: the data there would be deleted; nothing was changed. Take the setting back, or copy the data to a second stack (docs/how-to/copy-to-another-stack.md); to delete it, run \`npm run up -- --delete-data\``,
  );
}

interface Resource {
  readonly type: string;
  readonly inputs: JsonObject;
}

const isData = ({ type, inputs }: Resource): boolean =>
  type === "kubernetes:core/v1:PersistentVolumeClaim" &&
  !history.includes(textAt(inputs, "metadata", "labels", "app.kubernetes.io/name") ?? "");

/** The properties of a claim that cannot change without replacing it. */
const placeOf = ({ inputs }: Resource): string => {
  const { namespace, name } = objectAt(inputs, "metadata");
  return JSON.stringify([namespace, name, textAt(inputs, "spec", "storageClassName")]);
};
