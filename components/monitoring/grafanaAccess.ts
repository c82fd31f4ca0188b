/** Settings of Grafana that open it without its login, by section and key without punctuation. */
const openings = [
  "authanonymousenabled",
  "usersallowsignup",
  "securityallowembedding",
  "publicdashboardsenabled",
  "snapshotsexternalenabled",
];
/** What Grafana takes for yes. */
const yes = /^(1|t|true|y|yes|on)$/i;

/**
 * Paths of the settings that let people into Grafana without its login, in any of their spellings: `grafana.ini` as a
 * map or a text, and variables such as GF_AUTH_ANONYMOUS_ENABLED.
 */
export function openGrafanaSettings(values: unknown): string[] {
  return [...leaves(values, [])]
    .filter(([path, value]) => yes.test(value) && openings.some((key) => flat(path).endsWith(key)))
    .map(([path]) => path.join("."));
}

const flat = (path: readonly string[]) =>
  path
    .join("")
    .replaceAll(/[^A-Za-z]/g, "")
    .toLowerCase();

function* leaves(
  value: unknown,
  path: readonly string[],
): Generator<readonly [path: readonly string[], value: string]> {
  if (Array.isArray(value)) for (const item of value) yield* leaves(item, path);
  else if (isMap(value)) {
    const { name, value: own } = value;
    if (typeof name === "string" && own !== undefined) yield* leaves(own, [...path, name]);
    else for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
  } else if (typeof value === "string" && value.includes("\n")) yield* settingsIn(value, path);
  else if (["string", "boolean", "number"].includes(typeof value)) yield [path, String(value)];
}

/** `[section]` and `key = value`, a line each. */
function* settingsIn(text: string, path: readonly string[]): ReturnType<typeof leaves> {
  let section = "";
  for (const line of text.split("\n")) {
    section = /^\s*\[(.+)\]/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([\w.]+)\s*[=:]\s*"?(\w+)/.exec(line) ?? [];
    if (key && value) yield [[...path, section, key], value];
  }
}

/** An output of the SDK is no map: what it holds is not known yet. */
const isMap = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
