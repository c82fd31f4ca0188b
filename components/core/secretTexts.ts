/** Names of values that are secret, in any spelling: ADMIN_PASSWORD, adminPassword, admin-password. */
const secretName =
  /(password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|secret_?key|encryption_?key|signing_?key|credentials?|dsn|connection_?string|webhook_?url)$/i;

/** Names of values that refer to a secret. */
const secretPlace = /(existing|pull)_?secret$/i;

/** Texts that look like a secret under any name. */
const secretTexts: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a Google service-account key", /"type"\s*:\s*"service_account"/],
  ["a password in a URL", /[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]*:[^\s/@$]+@/i],
  ["a password in a connection string", /(?:^|[\s;?&])(?:password|passwd|pwd)=[^\s;&$'"<>{(]+/i],
  [
    "a token",
    /\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.)|hooks\.slack\.com\/services\/\w/,
  ],
];

/** A text that says where the secret is, or that there is none: a path, a variable, a switch. */
const harmless = /^(\/[\w.\/-]+|\$[({_].*|\{\{.*\}\}|true|false|null|)$/s;

/** Whether a value of this name is confidential, whatever it is. */
export function isSecretName(name: string): boolean {
  const key = name.replaceAll("-", "_");
  return secretName.test(key) && !secretPlace.test(key);
}

/** The secrets in a named value, by their kind, never the text itself. */
export function secretsOf(name: string, text: string): string[] {
  const found = secretTexts.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
  if (found.length > 0) return found;
  const isSecret = isSecretName(name) && !harmless.test(text.trim());
  return isSecret ? ["a secret in plaintext"] : [];
}
