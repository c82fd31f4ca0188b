import { ModernFakeTimers } from "@jest/fake-timers";
import { ModuleMocker } from "jest-mock";

type FakeTimersConfig = ConstructorParameters<typeof ModernFakeTimers>[0]["config"];

/** Under these symbols jest-circus keeps the tests of a file and those who report them. */
const ofJest = /^Symbol\((JEST_STATE_SYMBOL|EVENT_HANDLERS)\)$/;

/**
 * Test files run among Node's own globals, not in their own context, so that they share the packages that
 * `jestRuntime.cjs` loads once. What a file changes is put back when it has ended.
 */
export default class NodeItself {
  readonly global = globalThis;
  readonly moduleMocker = new ModuleMocker(globalThis);
  readonly fakeTimers = null;
  readonly fakeTimersModern: ModernFakeTimers;
  readonly #globals: Record<PropertyKey, PropertyDescriptor> =
    Object.getOwnPropertyDescriptors(globalThis);
  // tests put another object in its place, of which Node's own code knows nothing
  readonly #variables = process.env;
  readonly #env = { ...process.env };
  readonly #argv = [...process.argv];
  readonly #exit = process.exit;
  readonly #exitCode = process.exitCode;

  constructor({ projectConfig }: { projectConfig: FakeTimersConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    this.moduleMocker.restoreAllMocks();
    this.#restoreGlobals();
    process.env = this.#variables;
    for (const name of Object.keys(process.env)) {
      if (!(name in this.#env)) delete process.env[name];
    }
    Object.assign(process.env, this.#env);
    process.argv = this.#argv;
    process.exit = this.#exit;
    process.exitCode = this.#exitCode;
  }

  #restoreGlobals() {
    const global = globalThis as Record<PropertyKey, unknown>;
    for (const key of Reflect.ownKeys(global)) {
      const before = this.#globals[key];
      // what is new belongs to packages, which stay loaded, or is what jest knows about this file
      if (before === undefined) {
        if (ofJest.test(String(key))) delete global[key];
      } else if ("value" in before && global[key] !== before.value) {
        Object.defineProperty(global, key, before);
      }
    }
  }

  exportConditions() {
    return ["node", "node-addons"];
  }

  getVmContext() {
    return null;
  }
}
