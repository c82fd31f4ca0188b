import { awaitDaemonSets } from "../daemonSets.ts";
import { readDeployment, writeDeployment } from "../deployment.ts";
import { deployWithImages } from "../deployWithImages.ts";
import { chooseEngine, openEngine } from "../engines.ts";
import { gkeAccess, gkeTarget, registryAppears, registryExists, requireTools } from "../gcloud.ts";
import { provideImages } from "../imageTarget.ts";
import { connect } from "../ownershipCheck.ts";
import { judgeStack, obeyPolicies } from "../policyCheck.ts";
import type { Settings } from "../stackSettings.ts";
import { copyState } from "../stateCopy.ts";
import type { OptionValues } from "../arguments.ts";
import { confirm } from "../confirm.ts";
import { UserError } from "../../local/support/errors.ts";
import { staysOn, type Target } from "../target.ts";
import { welcome } from "../welcome.ts";

/** `up` of a stack whose cluster the program makes, and with it the repository that its images are pushed to. */
export async function upOnGke(settings: Settings, values: OptionValues): Promise<number> {
  const remembered = readDeployment(settings.stack);
  const begun = staysOn(remembered?.target, gkeTarget(settings));
  if (chooseEngine(values, remembered?.engine) !== "pulumi") {
    throw new UserError(
      "only the Pulumi CLI makes resources in Google Cloud; leave --engine out and install it (https://www.pulumi.com/docs/install)",
    );
  }
  requireTools();
  await obeyPolicies(judgeStack(settings, false, values));
  if (!remembered) await agree(settings, values["yes"] === true);
  const { namespace } = settings.config;
  const remember = (target: Target) => {
    const deployment = { target, engine: "pulumi", namespace, charts: "official" } as const;
    writeDeployment(settings.stack, deployment);
    return deployment;
  };
  // before the engine runs: what a failed run has left behind can then be removed by `down`
  remember(remembered?.target ?? begun);
  const engine = openEngine("pulumi", settings, {});
  const code = await deployWithImages({
    registryExists: () => registryExists(settings),
    registryAppears: (isOver) => registryAppears(settings, isOver),
    push: () => provideImages(settings, "registry"),
    deploy: () => engine.up(),
  });
  if (code !== 0) return code;
  const outputs = await engine.outputs({ showSecrets: false });
  const target = gkeTarget(settings, outputs);
  const deployment = remember(target);
  const access = await gkeAccess(target);
  await copyState(await connect(access), engine, deployment);
  await awaitDaemonSets(access, namespace);
  await welcome(settings, access, outputs);
  return 0;
}

async function agree({ stack, config }: Settings, isAgreed: boolean): Promise<void> {
  const question = `Make the stack ${stack} in the project ${config.gcpProject}, where it costs money?`;
  if (isAgreed || (await confirm(question))) return;
  throw new UserError(
    `nothing was made; see what it costs with \`npm run preview -- --stack ${stack}\` and confirm with --yes`,
  );
}
