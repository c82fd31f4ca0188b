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
/** User names and host names are kept with passwords, but hiding such words would garble every line. */
const isWorthHiding = (text: string) => text.length >= 8 && !/^[a-z.-]+$/.test(text);

/** Writes lines for people to standard error; what others wrote is scrubbed of the secrets the run knows. */
export class Report {
  readonly #secrets = new Set<string>();

  /** Remembers the secrets in a value, as they are and as Kubernetes encodes them. */
  hide(value: Json): void {
    for (const text of secretStrings(value)) {
      if (!isWorthHiding(text)) continue;
      this.#secrets.add(text).add(Buffer.from(text).toString("base64"));
    }
  }

  scrub(text: string): string {
    let result = text;
    for (const hidden of this.#secrets) result = result.replaceAll(hidden, "[secret]");
    return result;
  }

  line(text: string): void {
    process.stderr.write(`${text}\n`);
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
      this.line(`   … ${subject}: ${this.scrub(text)} (${Math.round((now - started) / 1000)} s)`);
    };
  }
}
