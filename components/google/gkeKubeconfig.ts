/** What a client needs to reach a GKE cluster. Contains no credential. */
export interface GkeAccess {
  readonly project: string;
  readonly location: string;
  readonly clusterName: string;
  readonly endpoint: string;
  /** Certificate of the cluster's authority, in base64. */
  readonly certificate: string;
}

/** A kubeconfig as `gcloud container clusters get-credentials` writes it: anyone who uses it must be logged in to Google. */
export function gkeKubeconfig(access: GkeAccess): string {
  const context = `gke_${access.project}_${access.location}_${access.clusterName}`;
  return [
    "apiVersion: v1",
    "kind: Config",
    `current-context: ${context}`,
    "preferences: {}",
    "clusters:",
    `- name: ${context}`,
    "  cluster:",
    `    certificate-authority-data: ${access.certificate}`,
    `    server: https://${access.endpoint}`,
    "contexts:",
    `- name: ${context}`,
    "  context:",
    `    cluster: ${context}`,
    `    user: ${context}`,
    "users:",
    `- name: ${context}`,
    "  user:",
    "    exec:",
    "      apiVersion: client.authentication.k8s.io/v1beta1",
    "      command: gke-gcloud-auth-plugin",
    "      installHint: Install gke-gcloud-auth-plugin for use with kubectl by following",
    "        https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin",
    "      provideClusterInfo: true",
    "",
  ].join("\n");
}
