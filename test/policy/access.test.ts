import { container, describeRule, unknownText, workload } from "./judged.ts";

const binding = (type: string, props: object) => ({ type, props });
const policyData = (bindings: object[]) => ({ policyData: JSON.stringify({ bindings }) });

describeRule("open-access", {
  "a role for a workload": [
    binding("gcp:storage/bucketIAMMember:BucketIAMMember", { member: unknownText }),
    [],
  ],
  "a role for a person": [
    binding("gcp:projects/iAMMember:IAMMember", {
      member: "user:ada@example.org",
      role: "roles/viewer",
    }),
    [],
  ],
  ...Object.fromEntries(
    [
      ["gcp:storage/bucketIAMMember:BucketIAMMember", { member: "allUsers" }],
      [
        "gcp:storage/bucketIAMBinding:BucketIAMBinding",
        { members: ["user:ada@example.org", "allAuthenticatedUsers"] },
      ],
      ["gcp:storage/bucketACL:BucketACL", { roleEntities: ["READER:allUsers"] }],
      ["gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl", { entity: "allUsers" }],
      ["gcp:artifactregistry/repositoryIamMember:RepositoryIamMember", { member: "allUsers" }],
      ["gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding", { members: ["allUsers"] }],
      ["gcp:cloudrunv2/serviceIamPolicy:ServiceIamPolicy", policyData([{ members: ["allUsers"] }])],
      [
        "gcp:bigquery/dataset:Dataset",
        { accesses: [{ role: "READER", specialGroup: "allAuthenticatedUsers" }] },
      ],
      [
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
        { subjects: [{ kind: "Group", name: "system:unauthenticated" }] },
      ],
    ].map(([type, props]) => [
      `every user with a ${String(type)}`,
      [binding(type as string, props as object), ["name the accounts that need them"]],
    ]),
  ),
  "a project's owner": [
    binding("gcp:projects/iAMMember:IAMMember", { member: "allUsers", role: "roles/owner" }),
    ["grants roles to allUsers", "gives roles/owner; give the roles that are needed"],
  ],
  "an editor of a folder, as a policy": [
    binding("gcp:folder/iAMPolicy:IAMPolicy", policyData([{ role: "roles/editor", members: [] }])),
    ["gives roles/editor"],
  ],
  "the cluster's administrator": [
    binding("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", {
      roleRef: { kind: "ClusterRole", name: "cluster-admin" },
    }),
    ["gives cluster-admin"],
  ],
  "a role over everything": [
    binding("kubernetes:rbac.authorization.k8s.io/v1:Role", {
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
    }),
    ["allows every verb on every resource"],
  ],
  "a role over ConfigMaps": [
    binding("kubernetes:rbac.authorization.k8s.io/v1:Role", {
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
    }),
    [],
  ],
});

const grafana = (values: object) => ({ type: "kubernetes:helm.sh/v3:Release", props: { values } });

describeRule("open-grafana", {
  closed: [
    grafana({
      "grafana.ini": { "auth.anonymous": { enabled: false }, users: { allow_sign_up: "false" } },
    }),
    [],
  ],
  "known only later": [grafana({ "grafana.ini": unknownText }), []],
  "anonymous, as a chart writes it": [
    grafana({ "grafana.ini": { "auth.anonymous": { enabled: true } } }),
    ["grafana.ini.auth.anonymous.enabled opens Grafana without its login; leave it out"],
  ],
  "sign-up in other words": [
    grafana({ "grafana.ini": { users: { allow_sign_up: "yes" } } }),
    ["users.allow_sign_up"],
  ],
  "embedding, in a chart inside of another": [
    grafana({ grafana: { "grafana.ini": { security: { allow_embedding: 1 } } } }),
    ["grafana.grafana.ini.security.allow_embedding"],
  ],
  "a variable of the chart": [
    grafana({ env: { GF_AUTH_ANONYMOUS_ENABLED: "true" } }),
    ["env.GF_AUTH_ANONYMOUS_ENABLED"],
  ],
  "a variable of a pod": [
    workload(container({ env: [{ name: "GF_USERS_ALLOW_SIGN_UP", value: "true" }] })),
    ["GF_USERS_ALLOW_SIGN_UP"],
  ],
  "a file in a ConfigMap": [
    {
      type: "kubernetes:core/v1:ConfigMap",
      props: {
        data: {
          "grafana.ini": "[users]\nallow_sign_up = false\n[auth.anonymous]\nenabled = true\n",
        },
      },
    },
    ["auth.anonymous.enabled"],
  ],
});
