import { services } from "../components/core/services.ts";
import { slugOf } from "../components/core/slug.ts";
import type { Endpoint } from "./platformEndpoints.ts";
import { UserError } from "../local/support/errors.ts";

/** A model that a stack serves, as the stack's output `models` describes it. */
export interface StackModel {
  readonly name: string;
  /** Alias of the version that is served. */
  readonly alias: string;
  readonly servingUrl: string;
  /** Where the prediction page shows it, if it does. */
  readonly pageUrl?: string | null;
}

/** The models of a stack, the one that notebooks work on first. */
export function modelsOf(outputs: Readonly<Record<string, unknown>>): StackModel[] {
  const { models, modelServingUrl } = outputs;
  if (typeof models !== "object" || models === null) {
    throw new UserError("the stack has no output models; run `npm run up` first");
  }
  const found = Object.entries(models as Record<string, Omit<StackModel, "name">>).map(
    ([name, described]) => ({ name, ...described }),
  );
  // the Pulumi CLI sorts what is in an output
  const isFirst = ({ servingUrl }: StackModel) => servingUrl === modelServingUrl;
  return [...found.filter(isFirst), ...found.filter((model) => !isFirst(model))];
}

export const endpointOf = ({ name, servingUrl }: StackModel): Endpoint => ({
  title: `Model ${name}`,
  service: { ...services.serving, name: `${services.serving.name}-${slugOf(name)}` },
  url: servingUrl,
});
