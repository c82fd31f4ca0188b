import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { withSecret } from "../core/confidential.ts";
import {
  type ArtifactLocationArgs,
  type DatabaseConnectionArgs,
  sqlAlchemyUri,
} from "./connections.ts";
import { externalServiceUrl, internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { keptCredentials } from "./googleCredentials.ts";
import { disruptionBudget } from "../kubernetes/httpWorkload.ts";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { generatedPassword } from "../core/passwords.ts";
import { pausedJob, pausedReplicas } from "../kubernetes/pauses.ts";
import type { ContainerResourcesArgs } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { checkTrackingArguments } from "./trackingChecks.ts";
import { administrator, migrationPod, port, serverPod } from "./trackingPods.ts";
import { basicAuthSettings, type TrackingUserArgs, usersFile } from "./trackingUsers.ts";
import { versions } from "../core/versions.ts";

/** Arguments of TrackingServer. */
export interface TrackingServerArgs {
  /** Namespace that holds every object of the server. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which clients find it, and of the objects behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
  /** Image built from `apps/tracking`. */
  image: pulumi.Input<string>;
  /** MLflow version inside the image. Defaults to the version this package was made with. A change stops every pod, migrates the database and starts the new version; there is no way back without restoring the database. */
  mlflowVersion?: string;
  /** Database for runs, models and users. */
  database: DatabaseConnectionArgs;
  /** Where artifacts are kept. Clients never see it: they upload and download through the server. */
  artifacts: ArtifactLocationArgs;
  /** Key of a Google service account, as JSON, that the server and the database's proxy use. Needed only where the cluster gives its workloads no Google identity; kept secret. */
  googleCredentials?: pulumi.Input<string>;
  /** Users besides the administrator, one per workload. Defaults to none. */
  users?: TrackingUserArgs[];
  /** Number of pods, 1 to 20. Defaults to 1, the most that a ReadWriteOnce volume allows. */
  replicas?: number;
  /** Worker processes per pod, 1 to 16. Defaults to 1; each takes about 200 MiB. */
  workers?: number;
  /** Port on every node, 30000 to 32767. Left out, the server is reachable inside the cluster only. */
  nodePort?: number;
  /** Address by which people reach a node. Defaults to `localhost`. Used for the external URL and allowed as host. */
  nodeAddress?: pulumi.Input<string>;
  /** Further host names by which people reach the server, such as an ingress's. Defaults to none. */
  hostNames?: string[];
  /** Size of `/tmp`. Defaults to `2Gi`. With artifacts in a bucket it must hold every file that is being uploaded or downloaded, whole and at the same time; a pod that writes more is evicted. Artifacts on a volume do not pass through it. */
  temporaryStorage?: pulumi.Input<string>;
  /** CPU and memory. Defaults to 200m and 512Mi requested, 2 cores and 1536Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Further environment variables of the server, kept in a Secret. They win over those of this component. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** Whether no pod runs, nor a migration. Defaults to false. Data and addresses are kept. */
  paused?: boolean;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

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

  constructor(name: string, args: TrackingServerArgs, opts?: pulumi.ComponentResourceOptions) {
    checkTrackingArguments(`TrackingServer "${name}"`, args);
    const confidential = ["database", "users", "googleCredentials", "environment"] as const;
    super("mlops:index:TrackingServer", name, withSecret(args, ...confidential), opts);
    const version = args.mlflowVersion ?? versions.mlflow;

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor("mlflow", serviceName, args);
    const selector = {
      ...selectorLabels("mlflow", serviceName),
      "app.kubernetes.io/component": "server",
    };
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    const google =
      args.googleCredentials === undefined
        ? undefined
        : keptCredentials(name, args.googleCredentials, metadata, child);
    const adminPassword = generatedPassword(`${name}-admin-password`, child);
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
          "users.json": usersFile(args.users ?? []),
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

    // Another version replaces this record, and what is named after it is deleted before and made again after: the
    // server stops, the database is migrated, the new server starts.
    const record = new k8s.core.v1.ConfigMap(
      `${name}-version`,
      {
        metadata: metadata({ name: `${serviceName}-version-${versionSlug(version)}` }),
        immutable: true,
        data: { mlflow: version },
      },
      { ...child, deleteBeforeReplace: true },
    );
    const nameOf = (object: string) =>
      record.metadata.name.apply(() => `${object}-${versionSlug(version)}`);
    const { suspend, annotations } = pausedJob(args.paused);
    const migration = new k8s.batch.v1.Job(
      `${name}-migration`,
      {
        metadata: metadata({ name: nameOf(`${serviceName}-migration`), annotations }),
        spec: {
          suspend,
          backoffLimit: 4,
          activeDeadlineSeconds: 1800,
          template: migrationPod(args, pod("migration", migrationSettings)),
        },
      },
      { ...child, deleteBeforeReplace: true },
    );
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: { selector, ...servicePorts(port, args) },
      },
      child,
    );
    new k8s.apps.v1.Deployment(
      `${name}-server`,
      {
        metadata: metadata({ name: nameOf(serviceName) }),
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
    this.registerOutputs({
      internalUrl: this.internalUrl,
      externalUrl: this.externalUrl,
      adminUsername: this.adminUsername,
      adminPassword: this.adminPassword,
    });
  }
}

/** A volume for one node may not follow a second pod to another: then the old pod goes before the new one comes. */
function rolloutSteps({ artifacts }: TrackingServerArgs) {
  return artifacts.claimName === undefined
    ? { maxUnavailable: 0, maxSurge: 1 }
    : { maxUnavailable: 1, maxSurge: 0 };
}

/** `3.18.0` as a part of an object's name. */
const versionSlug = (version: string) => version.replaceAll(".", "-");
