import { isSecret } from "@pulumi/pulumi";
import {
  BucketRole,
  ServiceAccountKey,
  type ServiceAccountKeyArgs,
} from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { markerKey } from "../../support/googleAnswers.ts";
import { record } from "../../support/recorder.ts";
import { readable, textsInTheOpen } from "../../support/wire.ts";

const make = (name: string, args: ServiceAccountKeyArgs) => new ServiceAccountKey(name, args);
const base: ServiceAccountKeyArgs = {
  project: "wine-ml",
  accountId: "mlops-tracking",
  bucketName: "wine-models",
  bucketRole: BucketRole.ObjectUser,
  instanceName: "wine-sql",
};
const email = "mlops-tracking@wine-ml.iam.gserviceaccount.com";
const member = `serviceAccount:${email}`;

test("makes an account with a key and the roles on exactly one bucket and one instance", async () => {
  const { resources, find } = await record(() => make("identity", base));
  expect(tree(resources)).toEqual([
    "gcp:projects/iAMMember:IAMMember identity-instance < identity",
    "gcp:serviceaccount/account:Account identity-account < identity",
    "gcp:serviceaccount/key:Key identity-key < identity",
    "gcp:storage/bucketIAMMember:BucketIAMMember identity-bucket < identity",
    "mlops:index:ServiceAccountKey identity",
  ]);
  expect(find("identity-account").inputs).toEqual({
    project: "wine-ml",
    accountId: "mlops-tracking",
    displayName: "identity (MLOps platform)",
    description: "Has a key in a Kubernetes Secret of a cluster outside Google Cloud",
  });
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
  expect(readable(find("identity").outputs!)).toEqual({
    member,
    email,
    credentials: `secret:${markerKey("identity-key-1a2b3c")}`,
  });
});

test("the key is always a secret", async () => {
  const { resources, result } = await record(() => make("identity", base));
  const open = resources.flatMap(({ inputs, outputs }) => [
    ...textsInTheOpen(inputs),
    ...textsInTheOpen(outputs ?? {}),
  ]);
  expect(open.filter((text) => text.includes("MARKER"))).toEqual([]);
  expect(JSON.stringify(resources)).toContain("MARKER-identity-key");
  expect(await isSecret(result.credentials)).toBe(true);
  expect(await isSecret(result.email)).toBe(false);
});

const renamed = (from: string, to: string) => [
  `identity outputs.email: ${email} → ${email.replace(from, to)}`,
  `identity outputs.member: ${member} → ${member.replace(from, to)}`,
  `identity-bucket member: ${member} → ${member.replace(from, to)}`,
  `identity-instance member: ${member} → ${member.replace(from, to)}`,
  `identity-key serviceAccountId: projects/-/serviceAccounts/${email} → projects/-/serviceAccounts/${email.replace(from, to)}`,
];
const expression = (project: string, instance: string) =>
  `resource.name == "projects/${project}/instances/${instance}" && resource.type == "sqladmin.googleapis.com/Instance"`;
const expressionLine = (project: string, instance: string) =>
  `identity-instance condition.expression: ${expression("wine-ml", "wine-sql")} → ${expression(project, instance)}`;

describeArguments(make, "identity", base, {
  project: {
    value: "beer-ml",
    changes: [
      ...renamed("wine-ml", "beer-ml"),
      "identity-account project: wine-ml → beer-ml",
      "identity-instance project: wine-ml → beer-ml",
      expressionLine("beer-ml", "wine-sql"),
    ],
  },
  accountId: {
    value: "minikube",
    changes: [
      ...renamed("mlops-tracking", "minikube"),
      "identity-account accountId: mlops-tracking → minikube",
    ],
  },
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

const accountRule =
  'ServiceAccountKey "identity": accountId must have 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen';

describeRefusals(make, "identity", base, [
  [{ accountId: "" }, 'ServiceAccountKey "identity": accountId must be given'],
  [{ accountId: "mlops" }, accountRule],
  [{ accountId: "Tracking" }, accountRule],
  [{ accountId: "tracking-" }, accountRule],
  [{ accountId: "t".repeat(31) }, accountRule],
  [
    { project: "wine" },
    'ServiceAccountKey "identity": project must be a project\'s id, as `gcloud projects list` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen',
  ],
  [
    { bucketName: undefined, bucketRole: undefined, instanceName: undefined },
    'ServiceAccountKey "identity": there is nothing to grant; give bucketName, instanceName or both',
  ],
  [
    { bucketRole: "roles/storage.admin" as BucketRole },
    'ServiceAccountKey "identity": bucketRole must be one of roles/storage.objectUser, roles/storage.objectViewer, not "roles/storage.admin"; the nearest is roles/storage.objectUser',
  ],
]);

describePreview(make, "identity", base, (unknown) => ({
  project: unknown,
  bucketName: unknown,
  instanceName: unknown,
}));
