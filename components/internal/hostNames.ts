/** Name of the Service inside the cluster in every form that clients use. */
function serviceNames(service: string, namespace: string): string[] {
  const inNamespace = `${service}.${namespace}`;
  return [service, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
}

/** Private addresses: kubelet probes and Prometheus call pods by address. */
const podAddresses = [
  "10.*",
  "192.168.*",
  ...Array.from({ length: 16 }, (_, i) => `172.${16 + i}.*`),
];

/**
 * Value of MLFLOW_SERVER_ALLOWED_HOSTS. MLflow compares the whole Host header, port included, so each name is
 * listed with and without one; setting the list drops MLflow's defaults, so those are listed too.
 */
export function allowedHosts(service: string, namespace: string, external: string[]): string {
  const names = [...serviceNames(service, namespace), "localhost", "127.0.0.1", ...external];
  return [...new Set(names)]
    .flatMap((name) => [name, `${name}:*`])
    .concat(podAddresses)
    .join(",");
}

/** Value of MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: the pages that may send changing requests from a browser. */
export function allowedOrigins(service: string, namespace: string, external: string[]): string {
  const names = [...serviceNames(service, namespace), ...external];
  return [...new Set(names)]
    .flatMap((name) => ["http", "https"].flatMap((s) => [`${s}://${name}`, `${s}://${name}:*`]))
    .join(",");
}
