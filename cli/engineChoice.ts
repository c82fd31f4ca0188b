import { builtinEngine } from "./builtinEngine.ts";
import type { ClusterAccess, Engine, EngineName } from "./engine.ts";
import { findPulumi, installPulumi } from "./findPulumi.ts";
import type { Options } from "./commandLine.ts";
import { pulumiEngine } from "./pulumiEngine.ts";
import type { Settings } from "./stackSettings.ts";
import { usesGoogleCloud } from "../program/contradictions.ts";
import { messageOf, UserError } from "../local/support/errors.ts";

/** The engine asked for, else the one this stack was deployed with, else the Pulumi CLI where there is one. */
export async function chooseEngine(
  { engine: wanted }: Pick<Options, "engine">,
  remembered?: EngineName,
  { mayInstall = true } = {},
): Promise<EngineName> {
  if (remembered !== undefined && wanted !== undefined && wanted !== remembered) {
    throw new UserError(
      `this stack was deployed with the engine ${remembered}, which alone knows its state; leave --engine out, or run \`npm run down\` first`,
    );
  }
  const name = wanted ?? remembered;
  if (name === "builtin") return name;
  if (await findPulumi()) return "pulumi";
  if (name === undefined && !mayInstall) return "builtin";
  try {
    await installPulumi();
    return "pulumi";
  } catch (error) {
    const reason = `the Pulumi CLI is not on PATH, and ${messageOf(error)}`;
    if (name === "pulumi") {
      throw new UserError(
        `${reason}; install it (https://www.pulumi.com/docs/install), or use --engine builtin for a new stack`,
      );
    }
    console.error(`The built-in engine is used: ${reason}.`);
    return "builtin";
  }
}

/** @throws UserError, before anything is started, where an engine cannot make what the settings ask for. */
export function checkEngine(name: EngineName, { config }: Settings): void {
  if (name === "pulumi" || !usesGoogleCloud(config)) return;
  throw new UserError(
    "the built-in engine makes nothing on Google Cloud; install the Pulumi CLI (https://www.pulumi.com/docs/install), or set cluster to current and dataStores to cluster",
  );
}

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
