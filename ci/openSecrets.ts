import { isSecretName } from "../components/core/secretTexts.ts";
import { unknownValue } from "../local/support/propertyValues.ts";
import type { PlannedChange } from "./plan.ts";

/** How the CLI writes a secret, and a value that is known only later. */
const hidden = ["[secret]", unknownValue];

/**
 * Provider settings and resource inputs that hold a secret in plaintext: the state would keep it so. Only a plan shows
 * this; a policy gets all values without their secret marks.
 */
export function openSecrets(plan: readonly PlannedChange[]): string[] {
  return plan.flatMap(({ name, after }) =>
    [...textsIn(after?.inputs, "")]
      .filter(([path, value]) => isOpen(path, value))
      .map(
        ([path]) =>
          `${name}: ${path} is in plaintext; pass it as a secret (\`pulumi config set --secret\`, or pulumi.secret in the program)`,
      ),
  );
}

function isOpen(path: string, value: string): boolean {
  if (value === "" || hidden.includes(value)) return false;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)) return true;
  return isSecretName(path.split(".").at(-1) ?? "");
}

function* textsIn(value: unknown, path: string): Generator<[string, string]> {
  if (typeof value === "string") yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield* textsIn(inner, path === "" ? key : `${path}.${key}`);
  }
}
