import { refuse } from "../core/checks.ts";

/** Pulumi appends a hyphen and seven characters to the names it makes. */
const suffixLength = 8;

/** The longest name that a component makes of its own, and how long Google lets it be. */
export interface GoogleNameRule {
  longest: string;
  limit: number;
}

/** Refuses a component's name of which no name at Google can be made. */
export function checkGoogleName(
  subject: string,
  name: string,
  { longest, limit }: GoogleNameRule,
): void {
  refuse(
    subject,
    !/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name),
    "its name must be lower-case letters, digits and hyphens, a letter first and no hyphen last, for names at Google are made of it",
  );
  const most = limit - suffixLength - (longest.length - name.length);
  refuse(
    subject,
    name.length > most,
    `its name must have ${most} characters at most, for names at Google are made of it`,
  );
}
