import { holdImageTags } from "../../program/images.ts";
import { platformNamespaces } from "../../program/platform.ts";
import { portFacts, unseen } from "../../program/ports.ts";
import { openBundle } from "../bundle/manifest.ts";
import { checkImages, deliver, offerTools, settingsWith } from "../bundle/useBundle.ts";
import { refuseToLoseData } from "../dataLoss.ts";
import { declaredResources } from "../declaredResources.ts";
import { readDeployment, writeDeployment } from "../deployment.ts";
import { deployTo } from "../deployTo.ts";
import { preflight } from "../doctor/preflight.ts";
import { chooseEngine, openEngine } from "../engineChoice.ts";
import { provideImages } from "../provideImages.ts";
import { checkOwnership, connect } from "../ownershipCheck.ts";
import { judgeStack, obeyPolicies } from "../policyCheck.ts";
import { UserError } from "../../local/support/errors.ts";
import { awaitPageList } from "../pageList.ts";
import { awaitDaemonSets, welcome } from "../platformReady.ts";
import { agree } from "../questions.ts";
import { imagesOf } from "../stackImages.ts";
import {
  checkPorts,
  plainOverrides,
  readSettings,
  type Settings,
  settlePorts,
} from "../stackSettings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import { copyState } from "../stateCopy.ts";
import { describeTarget, type Target } from "../target.ts";
import { findTarget, lookAt, startTarget } from "../targetAccess.ts";
import { upOnGke } from "../upOnGke.ts";
import type { Options } from "../commandLine.ts";

export interface UpOptions extends Options {
  readonly bundle?: string;
  readonly registry?: string;
  readonly upgradePostgres?: boolean;
  readonly deleteData?: boolean;
}

/** The one command: cluster, images, platform, model, prediction. */
export async function up({
  bundle: file,
  registry,
  upgradePostgres = false,
  deleteData = false,
  ...options
}: UpOptions): Promise<number> {
  holdImageTags();
  if (registry !== undefined && file === undefined) {
    throw new UserError(
      "--registry is where the images of a --bundle are pushed to; without one, set imageRegistry and imageMirror",
    );
  }
  const bundle = file === undefined ? undefined : await openBundle(file);
  const read = readSettings(options);
  const given = bundle ? settingsWith(bundle, read, registry) : read;
  if (bundle) offerTools(bundle);
  if (given.config.cluster === "gke")
    return await upOnGke(given, options, { upgradePostgres, deleteData });
  const remembered = readDeployment(given.stack);
  const target = await findTarget(options, given, remembered);
  const known =
    target.kind === "context" ? await lookAt(target, { context: target.context }) : undefined;
  const isAgreed =
    options.yes === true || options.context !== undefined || remembered !== undefined;
  if (target.kind === "context" && !known?.own && !isAgreed) await agreeTo(target);
  const engineName = await chooseEngine(options, given, remembered?.engine, {
    mayInstall: bundle === undefined,
  });
  const charts = bundle?.manifest.charts ?? (await chooseCharts(given, remembered));
  console.error(`Deploying to ${describeTarget(target)}, stack ${given.stack}`);
  if (charts === "stand-in") console.error(standInSentence);

  // while the cluster starts; one that is started here is one of this machine
  const expected = known ? portFacts(known) : unseen(true);
  const standIn = settingsFor(charts, given);
  const declaring = declaredResources(settlePorts(standIn, expected));
  const judging = judgeStack(declaring, given, expected.isOwn, options);
  judging.catch(() => {});
  if (bundle) checkImages(bundle, imagesOf(await declaring), given.stack, registry);
  const access = await startTarget(target);
  const facts = known ?? (await lookAt(target, access));
  const settings = settlePorts(standIn, portFacts(facts));
  const open = (changed: Settings) => openEngine(engineName, changed, access);
  const engine = open(settings);
  const client = await connect(access);
  const state = await engine.exportState();
  await checkOwnership(client, settings, state);
  if (!deleteData) refuseToLoseData(state, await declaring);
  checkPorts(settings, portFacts(facts));
  await preflight(settings, client);
  await obeyPolicies(judging);
  const { own } = facts;
  if (bundle) await deliver(bundle, settings, target, { own, registry });
  else await provideImages(settings, target, { own, standInCharts: charts === "stand-in" });
  const { namespace } = settings.config;
  // before the engine runs: what a failed run has left behind can then be removed by `down`
  const overrides = plainOverrides(given);
  const deployment = { target, engine: engineName, namespace, charts, overrides };
  writeDeployment(settings.stack, deployment);
  const declared = await declaring;
  const code = await deployTo(client, settings, open, { declared, upgradePostgres });
  await copyState(client, engine, deployment);
  if (code !== 0) return code;
  await awaitDaemonSets(client, platformNamespaces(settings.config));
  const outputs = await engine.outputs({ showSecrets: false });
  await awaitPageList(client, access, settings, outputs);
  await welcome(settings, access, outputs);
  return 0;
}

/** Asks first: a kubeconfig may happen to point to production. */
const agreeTo = (target: Target & { kind: "context" }) =>
  agree(
    `Deploy to ${describeTarget(target)}?`,
    "nothing was deployed",
    `${describeTarget(target)} is not a cluster of this machine, so confirm it with --yes or --context ${target.context}`,
  );
