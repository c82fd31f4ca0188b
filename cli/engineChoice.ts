import { builtinEngine } from "./builtinEngine.ts";
import type { ClusterAccess, Engine, EngineName } from "./engine.ts";
import { findPulumi, installPulumi } from "./findPulumi.ts";
import type { Options } from "./commandLine.ts";
import { pulumiEngine } from "./pulumiEngine.ts";
import type { Settings } from "./stackSettings.ts";
import { usesGoogleCloud } from "../program/contradictions.ts";
import { messageOf, UserError } from "../local/support/errors.ts";

/**
 * The engine asked for, else the one this stack was deployed with, else the Pulumi CLI where there is one.
 * @throws UserError, before anything is started, where that engine cannot make what the settings ask for.
 */
export async function chooseEngine(
  { engine: wanted }: Pick<Options, "engine">,
  { config }: Pick<Settings, "config">,
  remembered?: EngineName,
  { mayInstall = true } = {},
): Promise<EngineName> {
  if (remembered !== undefined && wanted !== undefined && wanted !== remembered) {
    throw new UserError(
      `this stack was deployed with the engine ${remembered}, which has its state; leave --engine out, or run \`npm run down\` first`,
    );
  }
  const onGoogle = usesGoogleCloud(config);
  const name = wanted ?? remembered;
  if (name === "builtin" && onGoogle) throw new UserError(`${googleSentence}; ${howToInstall}`);
  if (name === "builtin") return name;
  if (await findPulumi()) return "pulumi";
  if (name === undefined && !mayInstall) return "builtin";
  try {
    await installPulumi();
    return "pulumi";
  } catch (error) {
    const reason = `the Pulumi CLI is not on PATH, and ${messageOf(error)}`;
    if (onGoogle) throw new UserError(`${reason}, while ${googleSentence}; ${howToInstall}`);
    if (name === "pulumi") {
      throw new UserError(`${reason}; ${howToInstall}, or use --engine builtin for a new stack`);
    }
    console.error(`The built-in engine is used: ${reason}.`);
    return "builtin";
  }
}

const googleSentence = "the built-in engine creates nothing on Google Cloud";
const howToInstall = "install the Pulumi CLI (https://www.pulumi.com/docs/install)";

export function openEngine(name: EngineName, settings: Settings, access: ClusterAccess): Engine {
  const range = access.controlPlaneAddress && `${access.controlPlaneAddress}/32`;
  const overrides = {
    ...settings.overrides,
    ...(access.context === undefined ? {} : { kubeContext: access.context }),
    ...(access.nodeAddress === undefined ? {} : { nodeAddress: access.nodeAddress }),
    ...(range && { apiServerAddresses: range, dnsAddresses: range }),
  };
  const open = name === "pulumi" ? pulumiEngine : builtinEngine;
  return open(settings.stack, overrides, access.kubeconfig);
}
