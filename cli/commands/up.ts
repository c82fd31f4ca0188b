import { holdImageTags } from "../../program/images.ts";
import { portFacts, unseen } from "../../program/ports.ts";
import { findTarget, lookAt, startTarget, targetOptions } from "../access.ts";
import { awaitDaemonSets } from "../daemonSets.ts";
import { readDeployment, writeDeployment } from "../deployment.ts";
import { chooseEngine, engineOption, openEngine } from "../engines.ts";
import { provideImages } from "../imageTarget.ts";
import { policiesAreEnforced, unenforcedSentence } from "../networkPolicies.ts";
import { checkOwnership, connect } from "../ownershipCheck.ts";
import { exceptOption, judgeStack, obeyPolicies } from "../policyCheck.ts";
import { checkPorts, settlePorts } from "../portCheck.ts";
import { readSettings, settingsOptions } from "../stackSettings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import { copyState } from "../stateCopy.ts";
import type { Command } from "../arguments.ts";
import { confirm } from "../confirm.ts";
import { UserError } from "../../local/support/errors.ts";
import { describeTarget, type Target } from "../target.ts";
import { welcome } from "../welcome.ts";
import { upOnGke } from "./upOnGke.ts";

/** The one command: cluster, images, platform, model, prediction. */
export const up: Command = {
  options: {
    ...settingsOptions,
    ...targetOptions,
    ...engineOption,
    ...exceptOption,
    yes: { type: "boolean", short: "y", help: "Do not ask before deploying to a remote cluster" },
  },
  async run(values) {
    holdImageTags();
    const given = readSettings(values);
    if (given.config.cluster === "gke") return await upOnGke(given, values);
    const remembered = readDeployment(given.stack);
    const engineName = chooseEngine(values, remembered?.engine);
    const charts = await chooseCharts(given, remembered);
    const target = await findTarget(values, given, remembered);
    const known =
      target.kind === "context" ? await lookAt(target, { context: target.context }) : undefined;
    const isAgreed = values["yes"] === true || "context" in values || remembered !== undefined;
    if (target.kind === "context" && !known?.own && !isAgreed) await agree(target);
    console.error(`Deploying to ${describeTarget(target)}, stack ${given.stack}`);
    if (charts === "stand-in") console.error(standInSentence);

    // while the cluster starts; one that is started here is one of this machine
    const expected = known ? portFacts(known) : unseen(true);
    const standIn = settingsFor(charts, given);
    const judging = judgeStack(settlePorts(standIn, expected), expected.isOwn, values);
    judging.catch(() => {});
    const access = await startTarget(target);
    const facts = known ?? (await lookAt(target, access));
    const settings = settlePorts(standIn, portFacts(facts));
    const engine = openEngine(engineName, settings, access);
    const client = await connect(access);
    await checkOwnership(client, settings, await engine.exportState());
    checkPorts(settings, portFacts(facts));
    const isEnforced = await policiesAreEnforced((path) => client.request("GET", path));
    if (isEnforced === false) console.error(unenforcedSentence);
    await obeyPolicies(judging);
    await provideImages(settings, target, { own: facts.own, standInCharts: charts === "stand-in" });
    const { namespace } = settings.config;
    // before the engine runs: what a failed run has left behind can then be removed by `down`
    const deployment = { target, engine: engineName, namespace, charts };
    writeDeployment(settings.stack, deployment);
    const code = await engine.up();
    await copyState(client, engine, deployment);
    if (code !== 0) return code;
    await awaitDaemonSets(access, settings.config.namespace);
    await welcome(settings, access, await engine.outputs({ showSecrets: false }));
    return 0;
  },
};

/** Asks first: a kubeconfig may happen to point to production. */
async function agree(target: Target & { kind: "context" }): Promise<void> {
  if (await confirm(`Deploy to ${describeTarget(target)}?`)) return;
  throw new UserError(
    `${describeTarget(target)} is no cluster of this machine; confirm it with --yes or --context ${target.context}`,
  );
}
