import {
  MlopsPlatform,
  type MlopsPlatformArgs,
  ModelServer,
  type ModelServerArgs,
  TrackingServer,
  type TrackingServerArgs,
} from "../../components/index.ts";
import { nastyCharacters } from "./recorder.ts";

/** The smallest platform that works. */
export const platformArgs: MlopsPlatformArgs = {
  images: {
    tracking: "registry/tracking:1",
    predict: "registry/predict:1",
    postgres: "registry/postgres:1",
    backup: "registry/backup:1",
  },
  models: [{ name: "diabetes", image: "registry/diabetes:1", training: {} }],
};

/** A platform with everything that can be switched on. */
export const fullPlatformArgs: MlopsPlatformArgs = {
  ...platformArgs,
  tracking: { nodePort: 30001 },
  models: [
    {
      ...platformArgs.models[0]!,
      autoscaling: { minReplicas: 2, maxReplicas: 4 },
      nodePort: 31345,
      training: { schedule: "0 3 * * *" },
    },
  ],
  prediction: { nodePort: 31344 },
};

export const makePlatform = (name: string, args: MlopsPlatformArgs) =>
  new MlopsPlatform(name, args);

export const databaseOfMine = {
  host: "db.example.org",
  port: 5433,
  database: "runs",
  authDatabase: "users",
  username: "owner",
  password: `a ${nastyCharacters} password`,
};

/** A tracking server on a database and a bucket from elsewhere. */
export const trackingArgs: TrackingServerArgs = {
  namespace: "ml",
  image: "registry/tracking:1",
  mlflowVersion: "3.18.0",
  database: databaseOfMine,
  artifacts: { uri: "gs://bucket/path" },
};

export const makeTracking = (name: string, args: TrackingServerArgs) =>
  new TrackingServer(name, args);

export const makeServing = (name: string, args: ModelServerArgs) => new ModelServer(name, args);
/** The smallest model server that works. */
export const servingArgs: ModelServerArgs = {
  namespace: "ml",
  image: "registry/serving:1",
  trackingUri: "http://mlflow:5000",
  trackingUsername: "model-server",
  trackingPassword: "a reader's password",
  modelName: "diabetes",
};
