import type { ResourceRule } from "../rule.ts";
import { at, mayBe, objectsAt } from "../values.ts";

export const openDatabase: ResourceRule = {
  name: "open-database",
  description: "No network connects to Cloud SQL without the Auth Proxy or without TLS.",
  level: "mandatory",
  check({ type, values }) {
    if (type !== "gcp:sql/databaseInstance:DatabaseInstance") return [];
    const faults: string[] = [];
    const path = ["settings", "ipConfiguration"] as const;
    const networks = objectsAt(values, ...path, "authorizedNetworks");
    if (networks.length > 0) {
      const ranges = networks.map((network) => String(at(network, "value"))).join(", ");
      faults.push(
        `lets ${ranges} connect past the Auth Proxy; leave authorizedNetworks out and connect through the proxy`,
      );
    }
    const mode = at(values, ...path, "sslMode");
    if (!mayBe(mode, "ENCRYPTED_ONLY") && mode !== "TRUSTED_CLIENT_CERTIFICATE_REQUIRED") {
      faults.push('takes connections without TLS; set ipConfiguration.sslMode to "ENCRYPTED_ONLY"');
    }
    return faults;
  },
};
