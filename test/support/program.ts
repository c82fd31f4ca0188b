import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { textOf } from "../../program/setting.ts";
import { type ModelSettings, withFirst } from "../../program/modelSettings.ts";
import { secretKeys, usualModelPort, usualNodePorts } from "../../program/settings.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { record, type RecordOptions, type Recording } from "./recorder.ts";

export const project = "mlops-platform";

export const readText = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");

/** A key as Pulumi.yaml declares it. */
export interface DeclaredKey {
  type: string;
  description: string;
  default: string | number | boolean | Record<string, unknown>;
}

export const declaredKeys = (): Record<string, DeclaredKey> =>
  (parse(readText("Pulumi.yaml")) as { config: Record<string, DeclaredKey> }).config;

/** The settings that the engine hands to the program when its own stack sets none. */
export const defaultSettings = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(declaredKeys()).map(([key, declared]) => [key, textOf(declared.default)]),
  );

/** The ports that the npm commands choose on a cluster of this machine. */
const withChosenPorts = ({ models = { "diabetes-progression": {} }, ...settings }: Settings) => ({
  ...usualNodePorts,
  nodeExporterPort: 9100,
  ...settings,
  models: withFirst(models, ({ nodePort = usualModelPort }) => ({ nodePort })),
});

type Settings = { readonly models?: ModelSettings; readonly [key: string]: unknown };

/** Runs index.ts as the engine does, with these settings instead of the defaults. */
export function runProgram(
  settings: Settings = {},
  options: RecordOptions = {},
): Promise<Recording<Record<string, pulumi.Output<unknown>>>> {
  const given = settings["cluster"] === "gke" ? settings : withChosenPorts(settings);
  const all = Object.entries({ ...defaultSettings(), ...given });
  const evaluate = () => {
    pulumi.runtime.setAllConfig(
      Object.fromEntries(all.map(([key, value]) => [`${project}:${key}`, textOf(value)])),
      secretKeys.map((key) => `${project}:${key}`),
    );
    let outputs: Record<string, pulumi.Output<unknown>> = {};
    // the program is loaded again each time, with the same SDK
    jest.isolateModules(() => {
      ({ default: outputs } = jest.requireActual<{ default: typeof outputs }>("../../index.ts"));
    });
    return { ...outputs };
  };
  return record(evaluate, { project, ...options });
}
