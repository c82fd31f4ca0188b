import { containerName, containersOf } from "../pods.ts";
import type { ResourceRule } from "../rule.ts";
import { at, objectsAt, textsIn } from "../values.ts";

const secretName = /(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS)$/i;
/** What looks like a secret wherever it stands: a key file, a private key, a password in a URL. */
const secretTexts: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a Google service-account key", /"type"\s*:\s*"service_account"/],
  ["a password in a URL", /[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/@$]+@/i],
];

export const plaintextSecret: ResourceRule = {
  name: "plaintext-secret",
  description: "Secrets are in Secrets: in no environment variable, argument or ConfigMap.",
  level: "mandatory",
  check(resource) {
    const { type, values } = resource;
    if (type === "kubernetes:core/v1:ConfigMap") {
      return [...textsIn(at(values, "data"))].flatMap(([path, text]) =>
        secretsOf(path.at(-1) ?? "", text).map(
          (what) => `data.${path.join(".")} holds ${what}; keep it in a Secret`,
        ),
      );
    }
    return containersOf(resource)
      .flatMap((container) => [
        ...objectsAt(container, "env").flatMap((variable) => {
          const [name, value] = [String(at(variable, "name")), at(variable, "value")];
          return typeof value === "string"
            ? secretsOf(name, value).map(
                (what) => `${name} of ${containerName(container)} is ${what}`,
              )
            : [];
        }),
        ...["command", "args"].flatMap((key) =>
          [...textsIn(at(container, key))].flatMap(([, text]) =>
            secretsOf("", text).map((what) => `${key} of ${containerName(container)} hold ${what}`),
          ),
        ),
      ])
      .map((fault) => `${fault}; keep it in a Secret and use secretKeyRef`);
  },
};

/** Says what a text is, never the text itself. */
function secretsOf(name: string, text: string): string[] {
  const found = secretTexts.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
  if (found.length > 0) return found;
  // GOOGLE_APPLICATION_CREDENTIALS and its like say where the secret is
  const isPath = /^\/[\w.\/-]+$/.test(text);
  return text !== "" && !isPath && secretName.test(name) ? ["a secret in clear"] : [];
}
