import { refuseToLoseData } from "./dataLoss.ts";
import { declaredResources } from "./declaredResources.ts";
import { readDeployment, writeDeployment } from "./deployment.ts";
import { deployTo } from "./deployTo.ts";
import { chooseEngine, openEngine } from "./engineChoice.ts";
import {
  deployWithImages,
  gkeAccess,
  gkeTarget,
  registryAppears,
  registryExists,
  requireTools,
} from "./gcloud.ts";
import { provideImages } from "./provideImages.ts";
import { connect } from "./ownershipCheck.ts";
import type { Options } from "./commandLine.ts";
import { judgeStack, obeyPolicies } from "./policyCheck.ts";
import { plainOverrides, type Settings } from "./stackSettings.ts";
import { copyState } from "./stateCopy.ts";
import { agree } from "./questions.ts";
import { staysOn, type Target } from "./target.ts";
import { awaitPageList } from "./pageList.ts";
import { platformNamespaces } from "../program/platform.ts";
import { awaitDaemonSets, welcome } from "./platformReady.ts";

/** `up` of a stack whose cluster the program makes, and with it the repository that its images are pushed to. */
export async function upOnGke(
  settings: Settings,
  options: Options,
  { upgradePostgres, deleteData }: { upgradePostgres: boolean; deleteData: boolean },
): Promise<number> {
  const remembered = readDeployment(settings.stack);
  const begun = staysOn(remembered?.target, gkeTarget(settings));
  requireTools();
  const engineName = await chooseEngine(options, settings, remembered?.engine);
  const declaring = declaredResources(settings);
  await obeyPolicies(judgeStack(declaring, settings, false, options));
  if (!remembered && options.yes !== true) await agreeToCosts(settings);
  const { namespace } = settings.config;
  const remember = (target: Target) => {
    const overrides = plainOverrides(settings);
    const deployment = {
      target,
      engine: engineName,
      namespace,
      charts: "official",
      overrides,
    } as const;
    writeDeployment(settings.stack, deployment);
    return deployment;
  };
  // before the engine runs: what a failed run has left behind can then be removed by `down`
  remember(remembered?.target ?? begun);
  const open = (changed: Settings) => openEngine(engineName, changed, {});
  const engine = open(settings);
  const declared = await declaring;
  if (!deleteData) refuseToLoseData(await engine.exportState(), declared);
  const known = remembered?.target ?? begun;
  // none before the first `up`, and one that is gone is the CLI's to report
  const cluster =
    known.kind === "gke"
      ? await gkeAccess(known)
          .then((access) => connect(access))
          .catch(() => undefined)
      : undefined;
  const deploy = () =>
    cluster ? deployTo(cluster, settings, open, { declared, upgradePostgres }) : engine.up();
  const code = await deployWithImages({
    registryExists: () => registryExists(settings),
    registryAppears: (isOver) => registryAppears(settings, isOver),
    push: () => provideImages(settings, "registry"),
    deploy,
  });
  if (code !== 0) return code;
  const outputs = await engine.outputs({ showSecrets: false });
  const target = gkeTarget(settings, outputs);
  const deployment = remember(target);
  const access = await gkeAccess(target);
  const client = await connect(access);
  await copyState(client, engine, deployment);
  await awaitDaemonSets(client, platformNamespaces(settings.config));
  await awaitPageList(client, access, settings, outputs);
  await welcome(settings, access, outputs);
  return 0;
}

const agreeToCosts = ({ stack, config }: Settings) =>
  agree(
    `Create the stack ${stack} in the project ${config.gcpProject}, where it costs money?`,
    "nothing was created",
    `see what it costs with \`npm run preview -- --stack ${stack}\` and confirm with --yes`,
  );
