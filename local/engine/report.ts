import { secretStrings } from "./values.ts";
import type { Json } from "./values.ts";

export type Action = "same" | "create" | "update" | "replace" | "delete";

export const marks: Record<Action, string> = {
  same: " ",
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
};

/** `kubernetes:apps/v1:Deployment` → `Deployment`. */
export const kindOf = (type: string): string => type.split(":").at(-1) ?? type;

const heartbeat = 20_000;
const shortestSecret = 5;

/** Writes lines for people to standard error, and never a secret the run knows of. */
export class Report {
  readonly #secrets = new Set<string>();

  /** Remembers the secrets in a value, as they are and as Kubernetes encodes them. */
  hide(value: Json): void {
    for (const text of secretStrings(value)) {
      if (text.length < shortestSecret) continue;
      this.#secrets.add(text).add(Buffer.from(text).toString("base64"));
    }
  }

  scrub(text: string): string {
    let result = text;
    for (const hidden of this.#secrets) result = result.replaceAll(hidden, "[secret]");
    return result;
  }

  line(text: string): void {
    process.stderr.write(`${this.scrub(text)}\n`);
  }

  /** Reports what one resource waits for: at once when that changes, and otherwise now and then. */
  waiting(subject: string): (text: string) => void {
    const started = Date.now();
    let last = "";
    let spoken = started;
    return (text) => {
      const now = Date.now();
      const isNews = text !== last && now - started > 1_500;
      if (!isNews && now - spoken < heartbeat) return;
      last = text;
      spoken = now;
      this.line(`   … ${subject}: ${text} (${Math.round((now - started) / 1000)} s)`);
    };
  }
}
