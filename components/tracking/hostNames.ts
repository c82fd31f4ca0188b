/** Name of the Service inside the cluster in every form that clients use. */
function serviceNames(service: string, namespace: string): string[] {
  const inNamespace = `${service}.${namespace}`;
  return [service, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
}

/**
 * Value of MLFLOW_SERVER_ALLOWED_HOSTS. MLflow compares the whole Host header, port included, so each name is
 * listed with and without one; setting the list drops MLflow's defaults, so those are listed too. No pattern covers a
 * range of addresses: `10.*` would also allow `10.evil.example`.
 */
export function allowedHosts(service: string, namespace: string, external: string[]): string {
  const names = [...serviceNames(service, namespace), "localhost", "127.0.0.1", ...external];
  return [...new Set(names)].flatMap((name) => [name, `${withoutPattern(name)}:*`]).join(",");
}

/** The brackets of an IPv6 address would be a set of characters next to a wildcard. */
const withoutPattern = (name: string) => name.replace("[", "[[]");

/** Value of MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: the pages that may send changing requests from a browser. */
export function allowedOrigins(service: string, namespace: string, external: string[]): string {
  const names = [...serviceNames(service, namespace), ...external];
  return [...new Set(names)]
    .flatMap((name) =>
      ["http", "https"].flatMap((s) => [`${s}://${name}`, `${s}://${withoutPattern(name)}:*`]),
    )
    .join(",");
}
