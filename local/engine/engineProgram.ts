import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkoutRoot, keepCompiledCode } from "../support/cache.ts";
import { UserError, messageOf } from "../support/errors.ts";
import { exitAfterOutput } from "../support/process.ts";
import type { Command } from "./index.ts";

const commands: Command[] = ["preview", "up", "down", "outputs"];

/** Exit codes that a shell expects from a process that a signal ended. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 };

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: "string", default: checkoutRoot },
      stack: { type: "string", default: "dev" },
      // settings and which of them are secret, as JSON: arguments can be read by every user of the machine
      "config-from-stdin": { type: "boolean", default: false },
      kubeconfig: { type: "string" },
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
  // the program's own console output must not end up in the machine-readable output
  console.log = console.info = console.error;
  const outputs = await runEngine(command, {
    folder: values.folder,
    stack: values.stack,
    ...(values["config-from-stdin"] ? settingsFromStdin() : {}),
    kubeconfig: values.kubeconfig,
    keepData: values["keep-data"],
    showSecrets: values["show-secrets"],
    signal: interruption(),
  });
  if (values.json) process.stdout.write(`${JSON.stringify(outputs, null, 2)}\n`);
}

/** Aborts at the first Ctrl-C; at the second one the process ends at once, which the next run repairs. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(signalCodes)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      process.exitCode = code;
      console.error("interrupted; waiting for running operations (again to stop now)");
      controller.abort();
    });
  }
  return controller.signal;
}

function settingsFromStdin(): { config: Record<string, string>; secrets: string[] } {
  try {
    return JSON.parse(readFileSync(0, "utf8")) as {
      config: Record<string, string>;
      secrets: string[];
    };
  } catch (error) {
    throw new UserError(
      `--config-from-stdin requires an object with config and secrets as JSON: ${messageOf(error)}`,
    );
  }
}

try {
  await main();
  // idle connections would keep the process alive
  await exitAfterOutput(Number(process.exitCode ?? 0));
} catch (error) {
  const isKnown =
    error instanceof UserError ||
    (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  for (const line of isKnown ? messageOf(error).split("\n") : [])
    console.error(line.startsWith(" ") ? line : `error: ${line}`);
  if (!isKnown) console.error(error);
  await exitAfterOutput(Number(process.exitCode ?? 1));
}
