import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import type { StringMap } from "../kubernetes/arguments.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { sqlAlchemyUri } from "../tracking/connections.ts";
import { type BackupArgs, checkBackup } from "./arguments.ts";
import { backupPod, restorePod } from "./backupPods.ts";
import { backupDestination } from "./destination.ts";
import { backupName, restoreName } from "./names.ts";

const confidential = ["database", "password", "destination"] as const;

/**
 * Backups of a tracking server whose stores are in the cluster: both databases and every artifact under one id,
 * deduplicated and encrypted, verified after each backup.
 */
export class Backup extends pulumi.ComponentResource {
  /** Password that the backups are encrypted with, a secret. Keep a copy outside the cluster. Absent with `passwordSecretName`. */
  public readonly password?: pulumi.Output<string>;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`Backup "${name}"`, args, checkBackup);
    super("mlops:index:Backup", name, withSecret(args, ...confidential), opts);

    const child = { parent: this };
    const metadata = metadataFor(backupName, name, args);
    const restoreMetadata = metadataFor(restoreName, name, args);
    const destination = backupDestination(name, args, metadata, child);
    const { database } = args;
    if (args.passwordSecretName === undefined) {
      this.password = pulumi.secret(
        args.password ?? generatedPassword(`${name}-encryption-password`, child),
      );
    }
    const settings = new k8s.core.v1.Secret(
      `${name}-settings`,
      {
        metadata: metadata(),
        immutable: true,
        stringData: {
          ...databaseSecrets(database),
          ...(this.password && { password: this.password }),
          ...secretValues(destination.secrets),
        },
      },
      child,
    );
    const parts = { settingsName: settings.metadata.name, destination };
    const deadline = { activeDeadlineSeconds: args.deadlineSeconds ?? 21600 };
    const cronJob = (
      jobName: string,
      meta: typeof metadata,
      spec: Omit<k8s.types.input.batch.v1.CronJobSpec, "jobTemplate">,
      job: k8s.types.input.batch.v1.JobSpec,
    ) =>
      new k8s.batch.v1.CronJob(
        `${name}-${jobName}`,
        {
          metadata: meta({ name: jobName }),
          spec: {
            concurrencyPolicy: "Forbid",
            startingDeadlineSeconds: 3600,
            successfulJobsHistoryLimit: 3,
            failedJobsHistoryLimit: 3,
            ...spec,
            jobTemplate: {
              metadata: { labels: meta().labels, annotations: args.annotations },
              spec: { ...deadline, ...job },
            },
          },
        },
        child,
      );
    cronJob(
      backupName,
      metadata,
      {
        suspend: args.paused ?? false,
        schedule: args.schedule ?? "0 2 * * *",
        timeZone: args.timeZone ?? "Etc/UTC",
      },
      {
        backoffLimit: 1,
        template: backupPod(args, {
          ...parts,
          labels: metadata().labels,
          serviceAccountName: workloadAccount(name, backupName, metadata, child),
        }),
      },
    );
    const restorer = workloadAccount(`${name}-restore`, restoreName, restoreMetadata, child);
    mayScale(name, args, restoreMetadata, restorer, child);
    cronJob(
      restoreName,
      restoreMetadata,
      // it is only a template of restores and is never scheduled
      { suspend: true, schedule: "@yearly" },
      {
        backoffLimit: 6,
        // a refusal is final; a pod that was killed is replaced, and the new one continues
        podFailurePolicy: {
          rules: ["restore", "migrate"].map((containerName) => ({
            action: "FailJob",
            onExitCodes: { containerName, operator: "In", values: [1] },
          })),
        },
        template: restorePod(args, {
          ...parts,
          labels: restoreMetadata().labels,
          serviceAccountName: restorer,
        }),
      },
    );

    this.registerOutputs(outputsOf(this));
  }
}

/** What `apps/backup` calls a database while the other one has its name. */
const restored = (database: pulumi.Input<string>) => pulumi.interpolate`${database}_restored`;

/** What a pod of this image, and the migration of what it restores, need of the databases. */
export const databaseSecrets = (database: BackupArgs["database"]) => ({
  ...(database.password !== undefined && {
    "database-password": pulumi.secret(database.password),
  }),
  "restored-uri": sqlAlchemyUri(database, restored(database.database)),
  "restored-auth-uri": sqlAlchemyUri(database, restored(database.authDatabase)),
});

const secretValues = (values: StringMap): StringMap =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pulumi.secret(value)]));

/** The right to change the number of pods of one Deployment, and no other. */
function mayScale(
  name: string,
  { namespace, tracking }: BackupArgs,
  metadata: ReturnType<typeof metadataFor>,
  accountName: pulumi.Input<string>,
  child: pulumi.CustomResourceOptions,
): void {
  const role = new k8s.rbac.v1.Role(
    `${name}-restore-role`,
    {
      metadata: metadata({ name: restoreName }),
      rules: [
        {
          apiGroups: ["apps"],
          resources: ["deployments/scale"],
          resourceNames: [tracking.deploymentName],
          verbs: ["get", "patch"],
        },
      ],
    },
    child,
  );
  new k8s.rbac.v1.RoleBinding(
    `${name}-restore-role-binding`,
    {
      metadata: metadata({ name: restoreName }),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: accountName, namespace }],
    },
    child,
  );
}
