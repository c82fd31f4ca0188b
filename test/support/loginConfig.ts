import { at } from "./podSecurity.ts";
import type { Recorded } from "./recorder.ts";
import { readable } from "./wire.ts";

/** The text of the file that a LoginProxy's Secret gives oauth2-proxy. */
export const loginConfigText = (secrets: Recorded): string =>
  at(readable(secrets.inputs), "stringData", "secret", "oauth2-proxy.yaml") as string;

/** What that file says. */
export const loginConfigOf = (secrets: Recorded): LoginConfig =>
  JSON.parse(loginConfigText(secrets)) as LoginConfig;

export interface LoginConfig {
  server: { bindAddress: string };
  providers: { clientSecretFile: string }[];
  upstreamConfig: { upstreams: { uri: string }[] };
  injectRequestHeaders: { name: string }[];
}
