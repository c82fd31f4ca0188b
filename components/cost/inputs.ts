/** Inputs as a price reads them: what is absent, unknown or of another kind is undefined. */
export type Inputs = { readonly [key: string]: unknown };

export function section(inputs: unknown, ...path: string[]): Inputs {
  let value: unknown = inputs;
  for (const key of path) value = isSection(value) ? value[key] : undefined;
  return isSection(value) ? value : {};
}

export function list(inputs: Inputs, key: string): readonly unknown[] {
  const value = inputs[key];
  return Array.isArray(value) ? value : [];
}

/** Text, unless it stands for a value that is known only later. */
export function text(inputs: Inputs, key: string): string | undefined {
  const value = inputs[key];
  return typeof value === "string" && value !== unknownValue ? value : undefined;
}

export function number(inputs: Inputs, key: string): number | undefined {
  const value = inputs[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** How the Pulumi CLI writes a value that is known only after an update. */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const factors: { readonly [suffix: string]: number } = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  m: 1e-3,
};

/** A quantity of Kubernetes such as `500m` or `8Gi` as a number. */
export function quantity(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const parts = typeof value === "string" && /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(value);
  if (!parts) return undefined;
  const factor = parts[2] === "" ? 1 : factors[parts[2] ?? ""];
  return factor === undefined ? undefined : Number(parts[1]) * factor;
}

/** Bytes of a quantity in GiB, which is what Google calls GB. */
export function gigabytes(value: unknown): number | undefined {
  const bytes = quantity(value);
  return bytes === undefined ? undefined : bytes / 2 ** 30;
}

function isSection(value: unknown): value is Inputs {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
