import {
  BucketRole,
  WorkloadIdentity,
  type WorkloadIdentityArgs,
} from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: WorkloadIdentityArgs) => new WorkloadIdentity(name, args);
const base: WorkloadIdentityArgs = {
  project: "wine-ml",
  projectNumber: "123456789012",
  workloadPool: "wine-ml.svc.id.goog",
  namespace: "ml",
  serviceAccountName: "mlflow",
  bucketName: "wine-models",
  bucketRole: BucketRole.ObjectUser,
  instanceName: "wine-sql",
};
const pool =
  "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/wine-ml.svc.id.goog";
const member = `${pool}/subject/ns/ml/sa/mlflow`;

// SECURITY.md: On Google Cloud there is no key: MLflow's Kubernetes ServiceAccount alone may use
// the one bucket and the one Cloud SQL instance.
test("binds the pod's ServiceAccount to exactly one bucket and one instance, without a key", async () => {
  const { resources, find } = await record(() => make("identity", base));
  expect(tree(resources)).toEqual([
    "gcp:projects/iAMMember:IAMMember identity-instance < identity",
    "gcp:storage/bucketIAMMember:BucketIAMMember identity-bucket < identity",
    "mlops:index:WorkloadIdentity identity",
  ]);
  expect(find("identity-bucket").inputs).toEqual({
    bucket: "wine-models",
    role: "roles/storage.objectUser",
    member,
  });
  expect(find("identity-instance").inputs).toEqual({
    project: "wine-ml",
    role: "roles/cloudsql.client",
    member,
    condition: {
      title: "one-cloud-sql-instance",
      description: "Nothing but the instance wine-sql",
      expression:
        'resource.name == "projects/wine-ml/instances/wine-sql" && resource.type == "sqladmin.googleapis.com/Instance"',
    },
  });
  expect(find("identity").outputs).toEqual({ member });
});

test("users of the member wait until its roles are bound", async () => {
  const { find } = await record(() => {
    const identity = make("identity", base);
    make("later", { ...base, namespace: identity.member.apply(() => "ml") });
  });
  expect(find("later-bucket").options.dependsOn).toEqual(["identity-bucket", "identity-instance"]);
});

const renamed = (from: string, to: string) => [
  `identity outputs.member: ${member} → ${member.replace(from, to)}`,
  `identity-bucket member: ${member} → ${member.replace(from, to)}`,
  `identity-instance member: ${member} → ${member.replace(from, to)}`,
];
const expression = (project: string, instance: string) =>
  `resource.name == "projects/${project}/instances/${instance}" && resource.type == "sqladmin.googleapis.com/Instance"`;
const expressionLine = (project: string, instance: string) =>
  `identity-instance condition.expression: ${expression("wine-ml", "wine-sql")} → ${expression(project, instance)}`;

describeArguments(make, "identity", base, {
  project: {
    value: "beer-ml",
    changes: [
      expressionLine("beer-ml", "wine-sql"),
      "identity-instance project: wine-ml → beer-ml",
    ],
  },
  projectNumber: { value: "42", changes: renamed("123456789012", "42") },
  workloadPool: {
    value: "beer-ml.svc.id.goog",
    changes: renamed("wine-ml.svc.id.goog", "beer-ml.svc.id.goog"),
  },
  namespace: { value: "team", changes: renamed("/ns/ml/", "/ns/team/") },
  serviceAccountName: { value: "trainer", changes: renamed("/sa/mlflow", "/sa/trainer") },
  bucketName: {
    value: "beer-models",
    changes: ["identity-bucket bucket: wine-models → beer-models"],
  },
  bucketRole: {
    value: BucketRole.ObjectViewer,
    changes: ["identity-bucket role: roles/storage.objectUser → roles/storage.objectViewer"],
  },
  instanceName: {
    value: "beer-sql",
    changes: [
      "identity-instance condition.description: Nothing but the instance wine-sql → Nothing but the instance beer-sql",
      expressionLine("wine-ml", "beer-sql"),
    ],
  },
});

test.each([
  ["a bucket alone", { instanceName: undefined }, "identity-bucket"],
  ["an instance alone", { bucketName: undefined, bucketRole: undefined }, "identity-instance"],
])("grants %s", async (_, without, only) => {
  const { resources } = await record(() => make("identity", { ...base, ...without }));
  expect(resources.map(({ name }) => name)).toEqual(["identity", only]);
});

describeRefusals(make, "identity", base, [
  [
    { project: "123456789012" },
    'WorkloadIdentity "identity": project must be a project\'s id, as `gcloud projects list` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen',
  ],
  [
    { projectNumber: "wine-ml" },
    'WorkloadIdentity "identity": projectNumber must be the number of the project, not its id; `gcloud projects list` prints it',
  ],
  [
    { workloadPool: "wine-ml" },
    'WorkloadIdentity "identity": workloadPool must be the cluster\'s pool, <project>.svc.id.goog',
  ],
  [
    { namespace: "My Team" },
    'WorkloadIdentity "identity": namespace must be a DNS label such as mlops: lower-case letters, digits and dashes, a letter first',
  ],
  [{ serviceAccountName: "" }, 'WorkloadIdentity "identity": serviceAccountName must be given'],
  [
    { bucketName: undefined, bucketRole: undefined, instanceName: undefined },
    'WorkloadIdentity "identity": there is nothing to grant; give bucketName, instanceName or both',
  ],
  [
    { bucketName: undefined },
    'WorkloadIdentity "identity": bucketName and bucketRole belong together; give both or neither',
  ],
  [
    { bucketRole: undefined },
    'WorkloadIdentity "identity": bucketName and bucketRole belong together; give both or neither',
  ],
  [
    { bucketRole: "storage.objectUser" as BucketRole },
    'WorkloadIdentity "identity": bucketRole must be one of roles/storage.objectUser, roles/storage.objectViewer, not "storage.objectUser"; the nearest is roles/storage.objectUser',
  ],
  [
    { bucketName: "gs://wine-models" },
    'WorkloadIdentity "identity": bucketName must be the bucket\'s name only, without gs:// and without a folder',
  ],
  [
    { instanceName: "wine-ml:europe-west1:wine-sql" },
    'WorkloadIdentity "identity": instanceName must be the instance\'s name only, not its connection name with project and region',
  ],
]);

describePreview(make, "identity", base, (unknown) => ({
  project: unknown,
  projectNumber: unknown,
  workloadPool: unknown,
  namespace: unknown,
  serviceAccountName: unknown,
  bucketName: unknown,
  instanceName: unknown,
}));
