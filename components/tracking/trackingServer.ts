import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import { services } from "../core/services.ts";
import { versions } from "../core/versions.ts";
import { externalServiceUrl, internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { disruptionBudget } from "../kubernetes/httpWorkload.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { pausedJob, pausedReplicas, takeReplicasBack } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { checkTrackingServer, type TrackingServerArgs } from "./arguments.ts";
import { sqlAlchemyUri } from "./connections.ts";
import { keptCredentials } from "./googleCredentials.ts";
import { administrator, migrationPod, port, serverPod } from "./trackingPods.ts";
import { basicAuthSettings, firstPasswords, usersFile } from "./trackingUsers.ts";

/** MLflow tracking server with its model registry, artifact proxy and users. */
export class TrackingServer extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people and notebooks use. */
  public readonly externalUrl: pulumi.Output<string>;
  /** Name of the administrator. */
  public readonly adminUsername: pulumi.Output<string>;
  /** Generated password of the administrator, a secret. Give it to operators only. */
  public readonly adminPassword: pulumi.Output<string>;
  /** Name of the Deployment, which contains the MLflow version. */
  public readonly deploymentName: pulumi.Output<string>;
  /** Name of the Secret that the migration reads: the administrator's password and the users. */
  public readonly migrationSettingsName: pulumi.Output<string>;
  /** Generated initial password of each person, by name, a secret. */
  public readonly peoplePasswords: pulumi.Output<{ [name: string]: string }>;

  constructor(name: string, args: TrackingServerArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`TrackingServer "${name}"`, args, checkTrackingServer);
    const confidential = ["database", "users", "googleCredentials", "environment"] as const;
    super("mlops:index:TrackingServer", name, withSecret(args, ...confidential), opts);
    const version = args.mlflowVersion ?? versions.mlflow;

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor(services.tracking.name, serviceName, args);
    const selector = {
      ...selectorLabels(services.tracking.name, serviceName),
      "app.kubernetes.io/component": "server",
    };
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    const google =
      args.googleCredentials === undefined
        ? undefined
        : keptCredentials(name, args.googleCredentials, metadata, child);
    const adminPassword = generatedPassword(`${name}-admin-password`, child);
    const passwords = firstPasswords(name, args.people, child);
    const storeUri = sqlAlchemyUri(args.database, args.database.database);
    const authUri = sqlAlchemyUri(args.database, args.database.authDatabase);

    const settings = new k8s.core.v1.Secret(
      `${name}-settings`,
      {
        metadata: metadata(),
        immutable: true,
        stringData: {
          "store-uri": storeUri,
          "admin-password": adminPassword,
          "flask-secret-key": generatedPassword(`${name}-flask-secret-key`, child),
          "basic_auth.ini": basicAuthSettings(authUri, administrator, adminPassword),
        },
      },
      child,
    );
    const migrationSettings = new k8s.core.v1.Secret(
      `${name}-migration-settings`,
      {
        metadata: metadata(),
        immutable: true,
        stringData: {
          "store-uri": storeUri,
          "auth-uri": authUri,
          "admin-password": adminPassword,
          "users.json": usersFile(args, passwords),
        },
      },
      child,
    );

    const pod = (role: string, secret: k8s.core.v1.Secret) => ({
      labels: { ...metadata().labels, "app.kubernetes.io/component": role },
      settingsName: secret.metadata.name,
      serviceAccountName,
      google,
    });

    const { suspend, annotations } = pausedJob(args.paused);
    const migration = new k8s.batch.v1.Job(
      `${name}-migration`,
      {
        // without a name, so that it runs before the one of an earlier version, and its server, are deleted
        metadata: metadata({ annotations }),
        spec: {
          suspend,
          // a refusal and an undone migration are final; a pod that was killed is replaced
          backoffLimit: 0,
          podFailurePolicy: { rules: passingFailures },
          activeDeadlineSeconds: 1800,
          template: migrationPod(args, pod("migration", migrationSettings)),
        },
      },
      child,
    );
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: { selector, ...servicePorts(port, args) },
      },
      child,
    );
    // Another version is another Deployment: the old server stops only when the migration has succeeded, and the new
    // one starts only when it has stopped.
    const deploymentName = `${serviceName}-${versionSlug(version)}`;
    new k8s.apps.v1.Deployment(
      `${name}-server`,
      {
        // a restore scales it too
        metadata: metadata({ name: deploymentName, annotations: takeReplicasBack }),
        spec: {
          replicas: pausedReplicas(args.replicas ?? 1, args.paused),
          strategy: { type: "RollingUpdate", rollingUpdate: rolloutSteps(args) },
          selector: { matchLabels: selector },
          template: serverPod(serviceName, args, selector, {
            ...pod("server", settings),
            withGiven: givenEnvironment(name, args.environment, metadata(), child),
          }),
        },
      },
      { ...child, deleteBeforeReplace: true, dependsOn: [migration] },
    );

    disruptionBudget(name, args.replicas ?? 1, metadata({ name: serviceName }), selector, child);

    this.internalUrl = internalServiceUrl(serviceName, args.namespace, port);
    this.externalUrl = externalServiceUrl(this.internalUrl, args);
    this.adminUsername = pulumi.output(administrator);
    this.adminPassword = adminPassword;
    this.deploymentName = pulumi.output(deploymentName);
    this.migrationSettingsName = migrationSettings.metadata.name;
    this.peoplePasswords = pulumi.secret(pulumi.all(passwords));
    this.registerOutputs(outputsOf(this));
  }
}

/** A volume for one node cannot be mounted on another one: the old pod must stop before the new one starts. */
function rolloutSteps({ artifacts }: TrackingServerArgs) {
  return artifacts.claimName === undefined
    ? { maxUnavailable: 0, maxSurge: 1 }
    : { maxUnavailable: 1, maxSurge: 0 };
}

/**
 * Failures of the migration that are repeated: Postgres went away, or a signal ended it. (`FailJob` for the others would
 * be shorter, but the Kubernetes provider waits ten minutes for a Job that failed by it.)
 */
const passingFailures = [
  {
    action: "Ignore",
    onExitCodes: { containerName: "migrate", operator: "In", values: [75, 137, 143] },
  },
  { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
];

/** `3.18.0` as a part of an object's name. */
const versionSlug = (version: string) => version.replaceAll(".", "-");
