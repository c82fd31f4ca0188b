import type * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../core/secrets.ts";
import { metricsPort, services } from "../core/services.ts";
import { slugOf } from "../core/slug.ts";
import type { NamespacedArgs, NetworkFlow } from "../kubernetes/arguments.ts";
import { metadataFor, unmonitored } from "../kubernetes/metadata.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { ModelServer } from "../serving/modelServer.ts";
import { TrackingPermission } from "../tracking/arguments.ts";
import type { TrackingServer } from "../tracking/trackingServer.ts";
import type { TrainingScheduleArgs, TrainingSettings } from "../training/arguments.ts";
import { TrainingJob } from "../training/trainingJob.ts";
import { TrainingPipeline } from "../training/trainingPipeline.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import type { ServedModel } from "./servedModels.ts";

type Child = { parent: pulumi.Resource };

/** `app.kubernetes.io/name` of all training pods. */
export const trainingName = "training";

/** Name of a model's Service. */
export const modelService = (model: string) => `${services.serving.name}-${slugOf(model)}`;

/** The models with their defaults and MLflow users, which the tracking server is given: servers read, trainings write. */
export const platformModels = (name: string, { models }: MlopsPlatformArgs, child: Child) =>
  models.map((model: ServedModel) => {
    const { name: modelName, alias: modelAlias = "champion", image, training, ...others } = model;
    const { experimentName = modelName, page = true, monitor = true, owner, ...settings } = others;
    const slug = slugOf(modelName);
    const user = (role: string, permission: TrackingPermission) => ({
      username: `${role}-${slug}`,
      password: generatedPassword(`${name}-${role}-${slug}-password`, child),
      permission,
    });
    return {
      ...{
        modelName,
        modelAlias,
        experimentName,
        slug,
        image,
        owner,
        page,
        monitor,
        settings,
        training,
      },
      reader: user(services.serving.name, TrackingPermission.Read),
      ...(training && { writer: user(trainingName, TrackingPermission.Write) }),
    };
  });

export type PlatformModel = ReturnType<typeof platformModels>[number];

export function modelServer(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  model: PlatformModel,
  tracking: TrackingServer,
  child: Child,
): ModelServer {
  const { modelName, modelAlias, slug, image, settings, reader } = model;
  return new ModelServer(
    `${name}-serving-${slug}`,
    {
      ...args.serving,
      ...given(settings),
      ...common,
      labels: labelsOf(model, common),
      serviceName: modelService(modelName),
      image,
      trackingUri: tracking.internalUrl,
      trackingUsername: reader.username,
      trackingPassword: reader.password,
      modelName,
      modelAlias,
      paused: args.paused,
      nodeAddress: args.nodeAddress,
    },
    child,
  );
}

/** Training of a model, once and by schedule. Both are one workload, with one identity. */
export function modelTraining(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  model: PlatformModel,
  tracking: TrackingServer,
  child: Child,
): void {
  const { modelName, modelAlias, experimentName, slug, image, training, writer } = model;
  if (training === undefined || writer === undefined) return;
  const { once = true, schedule, steps, ...settings } = training;
  if (!once && schedule === undefined) return;
  const account = `${trainingName}-${slug}`;
  const labels = labelsOf(model, common);
  const metadata = metadataFor(trainingName, account, { ...common, labels });
  const { command, trials, parallelism, cluster, ...chosen } = sharedAndOwn(args, settings);
  const workload = {
    ...chosen,
    ...common,
    labels,
    image,
    serviceAccountName: workloadAccount(`${name}-${account}`, account, metadata, child),
    trackingUri: tracking.internalUrl,
    trackingUsername: writer.username,
    trackingPassword: writer.password,
    experimentName,
    modelName,
    modelAlias,
    paused: args.paused,
  };
  const afterTracking = { ...child, dependsOn: [tracking] };
  const train = (role: TrainingRole, when: TrainingScheduleArgs) =>
    steps === undefined
      ? new TrainingJob(
          trainingOf(name, role, slug),
          { ...workload, ...when, command, trials, parallelism, cluster },
          afterTracking,
        )
      : new TrainingPipeline(
          trainingOf(name, role, slug),
          { ...workload, ...when, steps },
          afterTracking,
        );
  if (once) train("training", {});
  if (schedule !== undefined) train("retraining", { schedule });
}

/** Between the pods of a training with a cluster, and from Prometheus to them; pods of other trainings are not let in. */
export function clusterFlows(
  name: string,
  args: MlopsPlatformArgs,
  { slug, training }: PlatformModel,
): NetworkFlow[] {
  if (training === undefined) return [];
  const { steps = [sharedAndOwn(args, training)] } = training;
  if (steps.every(({ cluster }) => cluster === undefined)) return [];
  return (["training", "retraining"] as const).flatMap((role) => {
    const service = trainingOf(name, role, slug);
    const pods = { to: trainingName, toService: service };
    return [
      // every port, because XGBoost and LightGBM open their own among the workers
      { from: trainingName, fromService: service, ...pods },
      ...(args.monitoring?.enabled === false
        ? []
        : [{ from: services.prometheus.name, ...pods, port: metricsPort }]),
    ];
  });
}

type TrainingRole = "training" | "retraining";

const trainingOf = (name: string, role: TrainingRole, slug: string) => `${name}-${role}-${slug}`;

const sharedAndOwn = (args: MlopsPlatformArgs, own: TrainingSettings): TrainingSettings => ({
  ...args.training,
  ...given(own),
});

const labelsOf = ({ monitor }: PlatformModel, { labels }: NamespacedArgs) => ({
  ...labels,
  ...(monitor ? {} : unmonitored),
});

/** Without undefined values, which would win over the defaults of all models. */
const given = <Args extends object>(args: Args): Args =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as Args;
