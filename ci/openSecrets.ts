import { unknownValue } from "../local/support/propertyValues.ts";
import type { PlannedChange } from "./plan.ts";

/** Words of inputs that hold a secret, whatever the resource. */
const secretWords =
  /(password|passwd|secret|token|private_?key|credentials|api_?key|client_?key)$/i;
/** What the name of such an input may end in without being one. */
const harmless = /(secret_?name|secret_?ref|existing_?secret|credentials_?file)$/i;
/** How the CLI writes a secret, and a value that is known only later. */
const hidden = ["[secret]", unknownValue];

/**
 * Provider settings and resource inputs that hold a secret in clear: the state would keep it so. Only a plan shows
 * this; a policy is given all values with the marks of secrecy taken off.
 */
export function openSecrets(plan: readonly PlannedChange[]): string[] {
  return plan.flatMap(({ name, after }) =>
    [...textsIn(after?.inputs, "")]
      .filter(([path, value]) => isOpen(path, value))
      .map(
        ([path]) =>
          `${name}: ${path} is in clear; pass it as a secret (\`pulumi config set --secret\`, or pulumi.secret in the program)`,
      ),
  );
}

function isOpen(path: string, value: string): boolean {
  if (value === "" || hidden.includes(value)) return false;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)) return true;
  const key = path.split(".").at(-1) ?? "";
  return secretWords.test(key) && !harmless.test(key);
}

function* textsIn(value: unknown, path: string): Generator<[string, string]> {
  if (typeof value === "string") yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield* textsIn(inner, path === "" ? key : `${path}.${key}`);
  }
}
