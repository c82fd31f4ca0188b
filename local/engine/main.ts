import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkoutRoot, keepCompiledCode } from "../support/cache.ts";
import { UserError, messageOf } from "../support/errors.ts";
import type { Command, EngineResult } from "./index.ts";

const commands: Command[] = ["preview", "up", "down", "outputs"];

/** Numbers a shell expects from a process that a signal ended. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 };

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: "string", default: checkoutRoot },
      stack: { type: "string", default: "dev" },
      program: { type: "string" },
      "stack-file": { type: "string" },
      config: { type: "string", multiple: true, default: [] },
      // an object of settings as JSON: arguments can be read by every user of the machine
      "config-from-stdin": { type: "boolean", default: false },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      "keep-data": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      "show-secrets": { type: "boolean", default: false },
    },
  });
  const command = commands.find((one) => one === positionals[0]);
  if (!command || positionals.length > 1)
    throw new UserError(`the command must be one of ${commands.join(", ")}`);
  if (!/^[\w.-]+$/.test(values.stack))
    throw new UserError(`the stack name ${values.stack} must be letters, digits, ".", "_" and "-"`);

  // Most of a short run is loading the SDKs; their compiled code is kept for the next one.
  keepCompiledCode();
  const { runEngine } = await import("./index.ts");
  // The program's own console output must not end up in the machine-readable output.
  console.log = console.info = console.error;
  const result = await runEngine(command, {
    folder: values.folder,
    stack: values.stack,
    program: values.program,
    stackFile: values["stack-file"],
    config: {
      ...(values["config-from-stdin"] ? settingsFromStdin() : {}),
      ...Object.fromEntries(values.config.map(keyAndValue)),
    },
    kubeconfig: values.kubeconfig,
    context: values.context,
    keepData: values["keep-data"],
    showSecrets: values["show-secrets"],
    signal: interruption(),
  });
  if (values.json) process.stdout.write(`${JSON.stringify(jsonOf(command, result), null, 2)}\n`);
  else if (command === "outputs")
    for (const [key, value] of Object.entries(result.outputs))
      process.stdout.write(
        `${key}  ${typeof value === "string" ? value : JSON.stringify(value)}\n`,
      );
}

function jsonOf(command: Command, result: EngineResult): unknown {
  return command === "outputs" ? result.outputs : result;
}

/** Aborts at the first Ctrl-C; at the second one the process ends at once, which the next run repairs. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(signalCodes)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      process.exitCode = code;
      console.error("interrupted: finishing the calls under way (again to stop at once)");
      controller.abort();
    });
  }
  return controller.signal;
}

function settingsFromStdin(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(0, "utf8")) as Record<string, string>;
  } catch (error) {
    throw new UserError(
      `--config-from-stdin needs an object of settings as JSON: ${messageOf(error)}`,
    );
  }
}

function keyAndValue(text: string): [string, string] {
  const split = text.indexOf("=");
  if (split < 1) throw new UserError(`--config ${text} must be written as key=value`);
  return [text.slice(0, split), text.slice(split + 1)];
}

try {
  await main();
  // Idle connections would keep the process alive; a pipe gets all of its output first.
  process.stdout.write("", () => process.exit(process.exitCode ?? 0));
} catch (error) {
  const isKnown =
    error instanceof UserError ||
    (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  for (const line of isKnown ? messageOf(error).split("\n") : [])
    console.error(line.startsWith(" ") ? line : `error: ${line}`);
  if (!isKnown) console.error(error);
  process.exit(process.exitCode ?? 1);
}
