import * as pulumi from "@pulumi/pulumi";
import { UserError, messageOf } from "../support/errors.ts";
import type { Json, JsonObject } from "./values.ts";

/*
 * The only file that uses internals of the Pulumi Node SDK (which is pinned for this reason). The public testing
 * hook `setMocks` hides a resource's parent and options, marks no unknowns and flattens secrets, so its
 * monitor's methods are replaced here by ones that see the request as the Pulumi CLI would see it.
 */

/** A resource as the program declares it. */
export interface Registration {
  urn: string;
  type: string;
  name: string;
  custom: boolean;
  parent?: string;
  provider?: string;
  inputs: JsonObject;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  protect: boolean;
  retainOnDelete: boolean;
  deleteBeforeReplace?: boolean;
  secretOutputs: string[];
  timeouts: { create: string; update: string; delete: string };
}

/** What the program gets back. Without an id, and for outputs that are left out, a preview shows unknowns. */
export interface Registered {
  id: string;
  outputs: JsonObject;
}

export interface ProgramOptions {
  project: string;
  stack: string;
  preview: boolean;
  config: Record<string, string>;
  secretKeys: string[];
  load: () => Promise<Record<string, unknown>>;
  register: (registration: Registration) => Promise<Registered>;
}

export interface ProgramResult {
  outputs: JsonObject;
  /** What the program itself did wrong, without the echoes of resources that failed. */
  errors: string[];
}

type Struct = { toJavaScript(): JsonObject };
type UrnMap = { entries(): Iterable<[string, { getUrnsList(): string[] }]> };
type Reply = (error: Error | null, response?: unknown) => void;
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getRemote(): boolean;
  getProvider(): string;
  getImportid(): string;
  getObject(): Struct;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): UrnMap;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getTransformsList(): unknown[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string };
}
interface Monitor {
  resources: Map<string, unknown>;
  registerResource(request: Request, reply: Reply): void;
  readResource(request: { getType(): string; getName(): string }, reply: Reply): void;
  registerResourceOutputs(request: { getUrn(): string; getOutputs(): Struct }, reply: Reply): void;
  registerErrorHook(request: unknown, reply: Reply): void;
  registerResourceHook(request: unknown, reply: Reply): void;
}

/** Marks the errors that tell dependents "what you need has failed": the failure itself is reported elsewhere. */
const echo = "needs a resource that is not there";
const stackType = "pulumi:pulumi:Stack";

/** Runs the program to its end: until every resource it declares has been answered for. */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const errors = new Set<string>();
  const fail = (error: unknown) => {
    if (!messageOf(error).includes(echo)) errors.add(described(error));
  };
  let outputs: JsonObject = {};
  let registered = 0;
  await pulumi.runtime.setMocks(
    { newResource: unreachable, call: ({ token }) => refuseCall(token) },
    options.project,
    options.stack,
    options.preview,
  );
  pulumi.runtime.setAllConfig(options.config, options.secretKeys);
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;

  monitor.registerResource = (request, reply) => {
    registered += 1;
    const registration = readRequest(request, options);
    refuse(request, options)
      .then(() => options.register(registration))
      .then(({ id, outputs }) => {
        monitor.resources.set(registration.urn, { urn: registration.urn, id, state: outputs });
        reply(null, response(registration.urn, id, outputs));
      })
      .catch((error: unknown) => {
        if (error instanceof RefusedError) fail(error);
        reply(new Error(`${registration.name} ${echo}`));
      });
  };
  // error hooks are for what this engine refuses; resource hooks check what its own handlers check as well
  monitor.registerErrorHook = (_, reply) => reply(null);
  monitor.registerResourceHook = (_, reply) => reply(null);
  monitor.readResource = (request, reply) => {
    fail(
      new UserError(
        `${request.getName()} (${request.getType()}) is read with get(), which the built-in engine cannot do; install the Pulumi CLI`,
      ),
    );
    reply(new Error(`${request.getName()} ${echo}`));
  };
  monitor.registerResourceOutputs = (request, reply) => {
    if (request.getUrn().includes(`::${stackType}::`))
      outputs = request.getOutputs().toJavaScript();
    reply(null, {});
  };

  process.on("unhandledRejection", fail);
  await pulumi.runtime.runInPulumiStack(() => options.load()).catch(fail);
  for (let seen = -1; seen !== registered;) {
    seen = registered;
    await waitForCalls();
  }
  process.off("unhandledRejection", fail);
  return { outputs, errors: [...errors] };
}

/** Waits until no call of the SDK is under way, then lets callbacks that were queued meanwhile run. */
async function waitForCalls(): Promise<void> {
  const runtime = pulumi.runtime as unknown as { waitForRPCs(): Promise<void> };
  await runtime.waitForRPCs();
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

class RefusedError extends UserError {}

/** What the engine does not implement, or the project forbids, must not be dropped in silence. */
async function refuse(request: Request, { config }: ProgramOptions): Promise<void> {
  const subject = `${request.getName()} (${request.getType()})`;
  const disabled = JSON.parse(config["pulumi:disable-default-providers"] ?? "[]") as string[];
  const [origin = ""] = request.getType().split(":");
  const isDisabled = origin !== "pulumi" && (disabled.includes(origin) || disabled.includes("*"));
  if (isDisabled && request.getCustom() && !request.getProvider())
    throw new RefusedError(
      `${subject} has no provider, and default providers are disabled for its package; give it one in its options`,
    );
  const what = request.getRemote()
    ? "is a remote component"
    : request.getImportid()
      ? "is imported"
      : request.getTransformsList().length > 0
        ? "has transforms"
        : undefined;
  if (what)
    throw new RefusedError(
      `${subject} ${what}, which the built-in engine cannot do; install the Pulumi CLI`,
    );
}

function readRequest(request: Request, { stack, project }: ProgramOptions): Registration {
  const parent = request.getParent() || undefined;
  const type = request.getType();
  const parentType = parent?.split("::")[2];
  const qualified = parentType && parentType !== stackType ? `${parentType}$${type}` : type;
  const timeouts = request.getCustomtimeouts();
  const properties = [...request.getPropertydependenciesMap().entries()];
  return {
    urn: `urn:pulumi:${stack}::${project}::${qualified}::${request.getName()}`,
    type,
    name: request.getName(),
    custom: request.getCustom(),
    parent,
    provider: request.getProvider() || undefined,
    inputs: request.getObject().toJavaScript(),
    dependencies: request.getDependenciesList(),
    propertyDependencies: Object.fromEntries(
      properties
        .map(([key, urns]) => [key, urns.getUrnsList()] as const)
        .filter(([, urns]) => urns.length > 0),
    ),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    secretOutputs: request.getAdditionalsecretoutputsList(),
    timeouts: {
      create: timeouts.getCreate(),
      update: timeouts.getUpdate(),
      delete: timeouts.getDelete(),
    },
  };
}

/** The part of a RegisterResourceResponse that the SDK reads. */
function response(urn: string, id: string, outputs: Record<string, Json>): unknown {
  return {
    getUrn: () => urn,
    getId: () => id,
    getObject: () => ({ toJavaScript: () => outputs }),
    getPropertydependenciesMap: () => undefined,
    getResult: () => 0,
    getUnknown: () => false,
  };
}

function unreachable(): never {
  throw new Error("registerResource is answered by the engine");
}

function refuseCall(token: string): never {
  throw new UserError(
    `the program calls the provider function ${token}, which the built-in engine cannot do; install the Pulumi CLI`,
  );
}

/** A deliberate error is its message; a mistake in the program also needs the place. */
function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isMistake = [TypeError, ReferenceError, SyntaxError, RangeError].some(
    (kind) => error instanceof kind,
  );
  return isMistake ? (error.stack ?? error.message) : error.message;
}
