import type { ResourceRule } from "../rule.ts";

export const serviceAccountKey: ResourceRule = {
  name: "service-account-key",
  description: "A service-account key is in use: accept the risk knowingly.",
  level: "advisory",
  check: ({ type }) =>
    type === "gcp:serviceaccount/key:Key"
      ? [
          "makes a key that never expires and works from anywhere; anyone who reads the Secret or the state has the account's rights; except for evaluation, use cluster: gke, where workloads need no key",
        ]
      : [],
};
