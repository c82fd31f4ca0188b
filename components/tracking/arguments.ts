import type * as pulumi from "@pulumi/pulumi";
import {
  type Check,
  type Combination,
  flag,
  hostName,
  list,
  map,
  matches,
  must,
  object,
  oneOf,
  orSecret,
  quantity,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";

/** The Cloud SQL Auth Proxy, through which a Cloud SQL instance is reached without an open port or a certificate. */
export interface DatabaseProxy {
  /** Connection name of the instance: `project:region:instance`. */
  instance: pulumi.Input<string>;
  /** Whether to connect to the instance's private address. Defaults to true; set it to false for a cluster outside the instance's network. */
  privateAddress?: pulumi.Input<boolean>;
  /** Image of the proxy. Defaults to Google's, at the version that this was tested with. */
  image?: pulumi.Input<string>;
}

/** A Postgres database that a tracking server uses: a PostgresDatabase's outputs, or any other's. */
export interface DatabaseConnection {
  /** Host name or address. Not used with `proxy`, which listens on the pod's own 127.0.0.1. */
  host: pulumi.Input<string>;
  /** TCP port. Not used with `proxy`. */
  port: pulumi.Input<number>;
  /** Address of the database to show to people. Defaults to `host`. No client connects to it. */
  address?: pulumi.Input<string>;
  /** Database for runs and models. */
  database: pulumi.Input<string>;
  /** Database for MLflow's users and permissions. It must differ from `database`. */
  authDatabase: pulumi.Input<string>;
  /** User that owns both databases. */
  username: pulumi.Input<string>;
  /** Password of that user. Any character is allowed. Required without `passwordSecretName`. */
  password?: pulumi.Input<string>;
  /** Existing Secret to use instead, in the namespace of the tracking server, with the key `password`. Excludes `password`. Pods read it at startup: restart them after a change. */
  passwordSecretName?: pulumi.Input<string>;
  /** Size of the databases' volume. A migration is refused if its copy does not fit. Defaults to no limit. */
  storageSize?: pulumi.Input<string>;
  /** Cloud SQL Auth Proxy that runs next to each container which uses the database. Defaults to none: clients connect to `host`. */
  proxy?: DatabaseProxy;
}

/** Where a tracking server keeps artifacts: a VolumeArtifactStore's outputs, or a bucket. */
export interface ArtifactLocation {
  /** Folder or bucket URI, such as `/mlflow/artifacts` or `gs://bucket/path`. */
  uri: pulumi.Input<string>;
  /** Claim to mount at the folder, in the tracking server's namespace. Leave out for a bucket. */
  claimName?: pulumi.Input<string>;
}

/** What an MLflow user may do. */
export const TrackingPermission = {
  /** Read every experiment, run, model and artifact. */
  Read: "read",
  /** Read, and create or change experiments, runs, models and aliases. */
  Write: "write",
} as const;

export type TrackingPermission = (typeof TrackingPermission)[keyof typeof TrackingPermission];

/** An MLflow user for one workload. */
export interface TrackingUser {
  /** Name of the user. */
  username: pulumi.Input<string>;
  /** Password of the user, at least 12 characters. */
  password: pulumi.Input<string>;
  /** What the user may do: `read` or `write`. */
  permission: TrackingPermission;
}

/** What a person may do in MLflow. */
export const PersonRole = {
  /** Read every experiment, run, model and artifact. */
  Reader: "reader",
  /** Read, and create or change experiments, runs, models and aliases. */
  Writer: "writer",
} as const;

export type PersonRole = (typeof PersonRole)[keyof typeof PersonRole];

/** Where a workload finds MLflow, and who it is there. */
export interface TrackingClientArgs {
  /** URL of the MLflow server inside the cluster. */
  trackingUri: pulumi.Input<string>;
  /** MLflow user of the workload. Required without `trackingSecretName`. */
  trackingUsername?: pulumi.Input<string>;
  /** Password of that user; kept secret. Required without `trackingSecretName`. */
  trackingPassword?: pulumi.Input<string>;
  /** Existing Secret to use instead, in the same namespace, with the keys `username` and `password`. Excludes `trackingUsername` and `trackingPassword`. Pods read it at startup: restart them after a change. */
  trackingSecretName?: pulumi.Input<string>;
}

/** Which model a workload is about. */
export interface ModelArgs {
  /** Name of the registered model. It need not exist yet. */
  modelName: pulumi.Input<string>;
  /** Alias of the version that is served; training moves it to a better version. Defaults to `champion`. */
  modelAlias?: pulumi.Input<string>;
}

/** What people choose about the tracking server. */
export interface TrackingSettings extends kube.NodePortArgs, kube.PodSettings {
  /** MLflow version inside the image. Defaults to the version this package was built for. Changing it migrates copies of the databases, tests the new version on them, stops the old version and starts the new one. If the migration fails, the old version keeps running. */
  mlflowVersion?: string;
  /** Users in addition to the administrator, one per workload. Defaults to none. */
  users?: TrackingUser[];
  /** People with an account, by name, and the role of each: `reader` or `writer`. Defaults to none. The initial password is generated, and a person's later change is kept; removing a person removes the account but nothing that they logged. */
  people?: { [name: string]: PersonRole };
  /** Number of pods, 1 to 20. Defaults to 1, the maximum with a ReadWriteOnce volume. */
  replicas?: number;
  /** Worker processes per pod, 1 to 16. Defaults to 1; each takes about 200 MiB. */
  workers?: number;
  /** Log level of the server: `DEBUG`, `INFO`, `WARNING` or `ERROR`. Defaults to MLflow's own default, `INFO`. */
  logLevel?: string;
  /** Additional host names under which the server is reachable, such as an ingress's. Defaults to none. */
  hostNames?: string[];
  /** Size of `/tmp`. Defaults to `2Gi`. With artifacts in a bucket, it must hold all files that are being uploaded or downloaded at the same time; a pod that exceeds it is evicted. Artifacts on a volume bypass it. */
  temporaryStorage?: pulumi.Input<string>;
  /** CPU and memory. Defaults to requests of 200m and 512Mi, and limits of 2 cores and 1536Mi. */
  resources?: kube.ContainerResources;
  /** Additional environment variables of the server, kept in a Secret. They override the component's own. */
  environment?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of TrackingServer. */
export interface TrackingServerArgs
  extends TrackingSettings, kube.WorkloadArgs, kube.NodeAddressArgs {
  /** Image built from `apps/tracking`. */
  image: pulumi.Input<string>;
  /** Database for runs, models and users. */
  database: DatabaseConnection;
  /** Artifact location. Clients never access it directly: they upload and download through the server. */
  artifacts: ArtifactLocation;
  /** JSON key of a Google service account for the server and the database proxy; kept secret. Needed only where workloads have no Google identity. */
  googleCredentials?: pulumi.Input<string>;
}

export const trackingClientRules: Rules<TrackingClientArgs> = {
  trackingUri: required(text),
  trackingUsername: text,
  trackingPassword: text,
  trackingSecretName: text,
};

export const trackingLogin = orSecret<TrackingClientArgs>(
  "trackingSecretName",
  "trackingUsername",
  "trackingPassword",
);

export const modelRules: Rules<ModelArgs> = {
  modelName: required(
    matches(/^[^/:]+$/, "be a name without / and :, which MLflow takes for a path and a version"),
  ),
  modelAlias: matches(
    /^(?!v[0-9]+$)[A-Za-z][A-Za-z0-9_-]*$/,
    "be a word such as champion, and not of the form v1",
  ),
};

export const databaseConnection: Rule = object<DatabaseConnection>(
  {
    host: required(text),
    port: required(whole(1, 65535)),
    address: text,
    database: required(text),
    authDatabase: required(text),
    username: required(text),
    password: text,
    passwordSecretName: text,
    storageSize: quantity("8Gi"),
    proxy: object<DatabaseProxy>({
      instance: required(
        matches(
          /^[^:\s]+(:[^:\s]+){2,3}$/,
          "be an instance's connection name: project:region:instance",
        ),
      ),
      privateAddress: flag,
      image: text,
    }),
  },
  orSecret("passwordSecretName", "password"),
  (check, { database, authDatabase }) =>
    check.refuse(
      "authDatabase",
      typeof database === "string" && database === authDatabase,
      `${check.pathOf("authDatabase")} must differ from ${check.pathOf("database")}; give users their own database`,
    ),
);

export const artifactLocation: Rule = object<ArtifactLocation>({
  uri: required(text),
  claimName: text,
});

const trackingUser = object<TrackingUser>({
  username: required(text),
  password: required(
    must<string>(
      "have at least 12 characters; MLflow rejects a shorter one",
      ({ length }) => length >= 12,
    ),
  ),
  permission: required(oneOf(TrackingPermission)),
});

/** Names of the administrator and of the platform's workloads. */
const reservedName = /^(admin|notebook|dask|(training|model-server)(-.*)?)$/;

const personName = /^(?=.{1,64}$)[a-z0-9]([a-z0-9._@-]*[a-z0-9])?$/;

const people: Rule = (check, value) => {
  for (const name of Object.keys(value ?? {})) {
    check.refuse(
      name,
      !personName.test(name),
      `${check.pathOf(name)}: a name must be lower-case letters, digits, ".", "_", "-" and "@", with a letter or digit at both ends, at most 64 characters; rename the person`,
    );
    check.refuse(
      name,
      reservedName.test(name),
      `${check.pathOf(name)}: admin, notebook, training, model-server and what begins with training- or model-server- are users of the platform; choose another name for the person`,
    );
  }
  return map(oneOf(PersonRole))(check, value);
};

const namesDiffer: Combination<TrackingSettings> = (check, { users = [], people = {} }) =>
  users.forEach(({ username }, index) => {
    const user = check.at("users").at(index);
    user.refuse(
      "username",
      typeof username === "string" && Object.hasOwn(people, username),
      `${user.pathOf("username")} must differ from every name in ${check.pathOf("people")}; rename one of them`,
    );
  });

const trackingSettingsRules: Rules<TrackingSettings> = {
  ...kube.nodePortRules,
  ...kube.podSettingsRules,
  mlflowVersion: matches(/^[0-9]+(\.[0-9]+){2}$/, "be an exact version such as 3.18.0"),
  users: list(trackingUser),
  people,
  replicas: whole(1, 20),
  workers: whole(1, 16),
  logLevel: matches(/^(DEBUG|INFO|WARNING|ERROR)$/, "be DEBUG, INFO, WARNING or ERROR"),
  hostNames: list(hostName),
  temporaryStorage: quantity("2Gi"),
  resources: kube.resourcesRule,
  environment: map(string),
};

export const checkTrackingSettings: Rule = object<TrackingSettings>(
  trackingSettingsRules,
  namesDiffer,
);

/** A Google service account's key. No message repeats it. */
export const googleCredentials = must(
  "be the JSON of a service account's key: the content of its file, not the name",
  isJsonObject,
);

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** A volume for one node allows one pod. */
export function checkReplicasOnVolume(
  check: Check,
  { replicas = 1 }: TrackingSettings,
  onVolume: boolean,
): void {
  check.refuse(
    "replicas",
    onVolume && replicas > 1,
    `${check.pathOf("replicas")} must be 1 while artifacts are on a ReadWriteOnce volume; use a bucket or set it to 1`,
  );
}

export const checkTrackingServer: Rule = object<TrackingServerArgs>(
  {
    ...trackingSettingsRules,
    ...kube.workloadRules,
    ...kube.nodeAddressRules,
    image: required(text),
    database: required(databaseConnection),
    artifacts: required(artifactLocation),
    googleCredentials,
  },
  namesDiffer,
  (check, args) => checkReplicasOnVolume(check, args, args.artifacts?.claimName !== undefined),
);
