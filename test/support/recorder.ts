import * as pulumi from "@pulumi/pulumi";
import * as settings from "@pulumi/pulumi/runtime/settings.js";
import { googleState } from "./googleAnswers.ts";

/*
 * Runs a piece of a Pulumi program without an engine and keeps what it would have asked of one. The public
 * hook `setMocks` hides parents and options, so its monitor is listened to. This is the only test file that
 * knows internals of the Pulumi Node SDK, which is pinned for it.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A resource as the program declared it. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly urn: string;
  /** What its aliases, and those of its parents, have it take over. */
  readonly aliasUrns: readonly string[];
  /** Logical name of the parent. */
  readonly parent?: string;
  /** Inputs as they go over the wire: secrets in their envelope, unknown values as their marker. */
  readonly inputs: JsonObject;
  readonly options: RecordedOptions;
  /** Names of the hooks that decide whether a failed operation is retried. */
  readonly errorHooks: string[];
  /** What a component registered as its outputs, as it goes over the wire. */
  outputs?: JsonObject;
}

/** Options that differ from the SDK's defaults, and the logical names of what the resource waits for. */
export type RecordedOptions = {
  dependsOn?: string[];
  provider?: string;
  protect?: true;
  retainOnDelete?: true;
  deleteBeforeReplace?: boolean;
  ignoreChanges?: string[];
  aliases?: number;
};

export interface Recording<Result> {
  readonly resources: Recorded[];
  readonly result: Result;
  /** The one resource with this logical name. */
  readonly find: (name: string) => Recorded;
}

export interface RecordOptions {
  /** Makes every output of every resource unknown, as at the first preview of a stack. */
  preview?: boolean;
  project?: string;
  stack?: string;
}

/** Characters that break naive URLs, ini files and SQL. */
export const nastyCharacters = "%@:/?#";

/** What the random provider answers for a password: recognisable, and hostile to sloppy encoding. */
export const markerPassword = (name: string) => `MARKER-${name}-${nastyCharacters}`;

/** What it answers for the secret of a login's cookies, which has a form that oauth2-proxy reads. */
export const markerCookieSecret = (name: string) => `MARKER-${name}`.padEnd(43, "_").slice(0, 43);

/** What the random provider answers for a UUID. */
export const stateId = "8d7c5f0a-2b1e-4c3d-9f60-1a2b3c4d5e6f";

/** Runs `program`, waits until everything it asked for was registered, and returns all of it. */
export async function record<Result>(
  program: () => Result | Promise<Result>,
  options: RecordOptions = {},
): Promise<Recording<Result>> {
  const resources = listen(options);
  const result = await withoutTraces(async () => {
    const made = await program();
    await drained();
    return made;
  });
  return { resources, result, find: (name) => find(resources, name) };
}

/**
 * Runs a program that must be refused.
 * @returns the message, and how many resources had been asked for by then
 */
export async function refusal(
  program: () => unknown,
): Promise<{ message: string; registered: number }> {
  const resources = listen({});
  let message = "nothing was refused";
  try {
    await program();
  } catch (error) {
    message = (error as Error).message;
  }
  await drained();
  return { message, registered: resources.length };
}

/** The SDK takes stack traces of promises and of resources: without them a recording takes half the time. */
async function withoutTraces<Result>(work: () => Promise<Result>): Promise<Result> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  // it would lift the limit to say where a resource was declared
  (pulumi.Resource as unknown as { callsites(): never[] }).callsites = () => [];
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function find(resources: readonly Recorded[], name: string): Recorded {
  const found = resources.filter((resource) => resource.name === name);
  if (found.length === 1) return found[0]!;
  const names = resources.map((resource) => resource.name).join(", ");
  throw new Error(`${found.length} resources are called ${name}; there are ${names}`);
}

/** Everything that was started is registered: no remote call is under way and none was started meanwhile. */
async function drained(): Promise<void> {
  // exported by the SDK, absent from its type declarations
  const { waitForRPCs } = settings as unknown as { waitForRPCs(): Promise<void> };
  await waitForRPCs();
}

type Reply = (error: unknown, response?: unknown) => void;
type Monitor = {
  newUrn(parent: string, type: string, name: string): string;
  registerResource(request: Request, reply: Reply): Promise<void>;
  registerResourceOutputs(request: OutputsRequest, reply: Reply): void;
  registerErrorHook(request: unknown, reply: Reply): void;
  registerResourceHook(request: unknown, reply: Reply): void;
};
type Struct = { toJavaScript(): JsonObject };
type OutputsRequest = { getUrn(): string; getOutputs(): Struct | undefined };
type Request = {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getProvider(): string;
  getObject(): Struct;
  getDependenciesList(): string[];
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getIgnorechangesList(): string[];
  getAliasesList(): AliasRequest[];
  getHooks(): { getOnErrorList(): string[] } | undefined;
};

type AliasRequest = {
  getUrn(): string;
  getSpec():
    | { getName(): string; getType(): string; getParenturn(): string; getNoparent(): boolean }
    | undefined;
};

function listen({ preview = false, project = "test", stack = "dev" }: RecordOptions): Recorded[] {
  const resources: Recorded[] = [];
  const newResource = ({ name, type, inputs }: pulumi.runtime.MockResourceArgs) =>
    preview
      ? { id: undefined, state: {} }
      : { id: `${name}-id`, state: answeredState(type, name, inputs as JsonObject) };
  void pulumi.runtime.setMocks(
    { newResource, call: ({ token }) => Promise.reject(new Error(`nothing may call ${token}`)) },
    project,
    stack,
    preview,
  );
  const monitor = settings.getMonitor() as unknown as Monitor;
  monitor.newUrn = (parent, type, name) => {
    const chain = parent ? `${parent.split("::")[2]}$` : "";
    return `urn:pulumi:${stack}::${project}::${chain}${type}::${name}`;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, reply) => {
    const recorded = recordedFrom(request, monitor, resources);
    if (resources.some((other) => other.urn === recorded.urn)) {
      return Promise.resolve(reply(new Error(`${recorded.urn} is registered twice`)));
    }
    resources.push(recorded);
    return register(request, reply);
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, reply) => {
    const resource = resources.find(({ urn }) => urn === request.getUrn());
    if (resource) resource.outputs = request.getOutputs()?.toJavaScript() ?? {};
    registerOutputs(request, reply);
  };
  monitor.registerErrorHook = (_, reply) => reply(null);
  monitor.registerResourceHook = (_, reply) => reply(null);
  return resources;
}

/** What a real provider would fill in: generated names and random values. */
export function answeredState(type: string, name: string, inputs: JsonObject): JsonObject {
  if (type.endsWith(":RandomId")) return { ...inputs, hex: "1a2b3c" };
  if (type.endsWith(":RandomUuid")) return { ...inputs, result: stateId };
  if (type.startsWith("random:")) {
    const marker = inputs["length"] === 43 ? markerCookieSecret : markerPassword;
    return { ...inputs, result: marker(name) };
  }
  if (type.startsWith("gcp:")) return googleState(type, name, inputs);
  const metadata = inputs["metadata"];
  if (metadata === null || typeof metadata !== "object" || Array.isArray(metadata)) return inputs;
  return { ...inputs, metadata: { name: `${name}-1a2b3c`, ...metadata } };
}

/** As the engine resolves them: a child of a parent with aliases has one for each, and follows its name. */
function aliasUrns(
  request: Request,
  newUrn: Monitor["newUrn"],
  parent: Recorded | undefined,
): string[] {
  const [type, name] = [request.getType(), request.getName()];
  const specs = [undefined, ...request.getAliasesList()];
  const parents = [request.getParent(), ...(parent?.aliasUrns ?? [])];
  return specs.flatMap((alias) => {
    if (alias?.getUrn()) return [alias.getUrn()];
    const spec = alias?.getSpec();
    const of = (parentUrn: string, inherited = name) =>
      newUrn(parentUrn, spec?.getType() || type, spec?.getName() || inherited);
    if (spec?.getNoparent()) return [of("")];
    if (spec?.getParenturn()) return [of(spec.getParenturn())];
    return parents.map((urn) =>
      parent && name.startsWith(parent.name)
        ? of(urn, nameOf(urn) + name.slice(parent.name.length))
        : of(urn),
    );
  });
}

function recordedFrom(request: Request, monitor: Monitor, before: readonly Recorded[]): Recorded {
  const [type, name, parent] = [request.getType(), request.getName(), request.getParent()];
  const options: RecordedOptions = {};
  const dependsOn = request.getDependenciesList().map(nameOf).sort();
  if (dependsOn.length > 0) options.dependsOn = dependsOn;
  if (request.getProvider())
    options.provider = nameOf(request.getProvider().replace(/::[^:]*$/, ""));
  if (request.getProtect()) options.protect = true;
  if (request.getRetainondelete()) options.retainOnDelete = true;
  if (request.getDeletebeforereplacedefined()) {
    options.deleteBeforeReplace = request.getDeletebeforereplace();
  }
  if (request.getIgnorechangesList().length > 0) {
    options.ignoreChanges = request.getIgnorechangesList();
  }
  if (request.getAliasesList().length > 0) options.aliases = request.getAliasesList().length;
  return {
    type,
    name,
    custom: request.getCustom(),
    urn: monitor.newUrn(parent, type, name),
    aliasUrns: aliasUrns(
      request,
      (...words) => monitor.newUrn(...words),
      before.find(({ urn }) => urn === parent),
    ),
    ...(parent ? { parent: nameOf(parent) } : {}),
    inputs: request.getObject().toJavaScript(),
    options,
    errorHooks: request.getHooks()?.getOnErrorList() ?? [],
  };
}

const nameOf = (urn: string) => urn.split("::").at(-1)!;
