import { choosePorts, type PortFacts, portFaults } from "../program/ports.ts";
import type { Settings } from "./stackSettings.ts";
import { UserError } from "../local/support/errors.ts";

/** The settings with every port decided, as the program will see them. */
export function settlePorts(settings: Settings, facts: PortFacts): Settings {
  const { config, overrides } = settings;
  const ports = choosePorts(config, facts);
  const texts = Object.fromEntries(
    Object.entries(ports).map(([key, port]) => [key, String(port)]),
  ) as Record<string, string>;
  return {
    ...settings,
    config: { ...config, ...ports },
    overrides: { ...overrides, ...texts },
  };
}

/** @throws UserError that names the holder of each port that the stack cannot have, and the setting that helps. */
export function checkPorts({ config }: Settings, facts: PortFacts): void {
  const faults = portFaults(config, facts);
  if (faults.length === 0) return;
  throw new UserError(
    `ports of the cluster are taken; change the stack's settings, or give them for this run with --config KEY=VALUE\n  - ${faults.join("\n  - ")}`,
  );
}
