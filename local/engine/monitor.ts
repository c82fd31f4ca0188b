import * as pulumi from "@pulumi/pulumi";
import type {
  ReadResourceRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
} from "@pulumi/pulumi/proto/resource_pb.js";
import { UserError, messageOf } from "../support/errors.ts";
import type { Json, JsonObject } from "../support/propertyValues.ts";

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
  protect: boolean;
  deleteBeforeReplace: boolean;
  secretOutputs: string[];
  /** Why this engine must not deploy it, in one sentence: nothing that it lacks is silently dropped. */
  refusal?: string;
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
  /** Errors of the program itself, without the follow-up errors of resources that failed. */
  errors: string[];
}

type Reply = (error: Error | null, response?: unknown) => void;
interface Monitor {
  resources: Map<string, unknown>;
  registerResource(request: RegisterResourceRequest, reply: Reply): void;
  readResource(request: ReadResourceRequest, reply: Reply): void;
  registerResourceOutputs(request: RegisterResourceOutputsRequest, reply: Reply): void;
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
    options
      .register(registration)
      .then(({ id, outputs }) => {
        monitor.resources.set(registration.urn, { urn: registration.urn, id, state: outputs });
        reply(null, response(registration.urn, id, outputs));
      })
      .catch(() => reply(new Error(`${registration.name} ${echo}`)));
  };
  // hooks check what this engine's handlers check as well
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
      outputs = request.getOutputs()?.toJavaScript() as JsonObject;
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

function readRequest(request: RegisterResourceRequest, options: ProgramOptions): Registration {
  const parent = request.getParent() || undefined;
  const type = request.getType();
  const parentType = parent?.split("::")[2];
  const qualified = parentType && parentType !== stackType ? `${parentType}$${type}` : type;
  const properties = [...request.getPropertydependenciesMap().entries()];
  return {
    urn: `urn:pulumi:${options.stack}::${options.project}::${qualified}::${request.getName()}`,
    type,
    name: request.getName(),
    custom: request.getCustom(),
    parent,
    provider: request.getProvider() || undefined,
    inputs: request.getObject()?.toJavaScript() as JsonObject,
    dependencies: request.getDependenciesList(),
    propertyDependencies: Object.fromEntries(
      properties
        .map(([key, urns]) => [key, urns.getUrnsList()] as const)
        .filter(([, urns]) => urns.length > 0),
    ),
    protect: request.getProtect() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace(),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    refusal: refusalOf(request, options),
  };
}

function refusalOf(
  request: RegisterResourceRequest,
  { config }: ProgramOptions,
): string | undefined {
  const subject = `${request.getName()} (${request.getType()})`;
  const disabled = JSON.parse(config["pulumi:disable-default-providers"] ?? "[]") as string[];
  const [origin = ""] = request.getType().split(":");
  const isDisabled = origin !== "pulumi" && (disabled.includes(origin) || disabled.includes("*"));
  if (isDisabled && request.getCustom() && !request.getProvider())
    return `${subject} has no provider, and default providers are disabled for its package; give it one in its options`;
  const timeouts = Object.values(request.getCustomtimeouts()?.toObject() ?? {});
  const uses: Record<string, boolean> = {
    "is a remote component": request.getRemote(),
    "is imported": request.getImportid() !== "",
    "has transforms": request.getTransformsList().length > 0,
    "has ignoreChanges": request.getIgnorechangesList().length > 0,
    "has replaceOnChanges": request.getReplaceonchangesList().length > 0,
    "has customTimeouts": timeouts.some(Boolean),
    "has retainOnDelete": request.getRetainondelete() ?? false,
    "has protect": request.getProtect() ?? false,
  };
  const used = Object.keys(uses).find((words) => uses[words]);
  return used && `${subject} ${used}, which the built-in engine cannot do; install the Pulumi CLI`;
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
