import { Option } from "commander";
import { type EngineName, engineNames } from "./engine.ts";

/** Options that several commands have, as they are read. */
export interface Options {
  readonly stack?: string;
  readonly config?: readonly string[];
  readonly context?: string;
  readonly localCluster?: boolean;
  readonly engine?: EngineName;
  readonly except?: readonly string[];
  readonly yes?: boolean;
}

/** An option that may be given several times. */
export const repeatable = (flags: string, help: string): Option =>
  new Option(flags, help).argParser((value: string, before: readonly string[] = []) => [
    ...before,
    value,
  ]);

export const stackOption = new Option(
  "--stack <name>",
  "Stack to work on, with settings in Pulumi.NAME.yaml. Default: dev",
);

export const settingsOptions = [
  stackOption,
  repeatable(
    "--config <key=value>",
    "Setting for this run, which wins over the stack's file; KEY=@FILE reads it, KEY=@- from standard input",
  ),
];

export const targetOptions = [
  new Option(
    "--context <name>",
    "Context of the kubeconfig to deploy to. Default: the current one",
  ),
  new Option("--local-cluster", "Deploy to a dedicated cluster on this machine (Linux, root)"),
];

export const engineOption = new Option(
  "--engine <name>",
  "Engine to deploy with. Default: pulumi, and builtin where the Pulumi CLI can neither be found nor installed",
).choices(engineNames);

export const exceptOption = repeatable(
  "--except <policy>",
  "Policy that this run may break, which is shown all the same; may be given several times",
);
