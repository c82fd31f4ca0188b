import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError, messageOf } from "../support/errors.ts";
import type { JsonObject } from "./values.ts";

/** What the last run knew about one resource. */
export interface ResourceState {
  urn: string;
  type: string;
  name: string;
  custom: boolean;
  parent?: string;
  /** Reference of the provider, `<urn>::<id>`. */
  provider?: string;
  id: string;
  inputs: JsonObject;
  outputs: JsonObject;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  protect?: boolean;
  retainOnDelete?: boolean;
  /** Seconds a deletion may take, when the program says so. */
  deleteTimeout?: number;
  /** Counts replacements of an object whose name the engine chose. */
  generation: number;
  /** Set before a call that changes something and cleared after it: the run may have died in between. */
  pending?: "create" | "update" | "delete";
  /** Deleted to make way for the replacement of something it depends on; made again in its turn. */
  gone?: boolean;
}

interface StateFile {
  version: 1;
  resources: ResourceState[];
  /** Replaced objects that still have to be deleted. */
  obsolete: ResourceState[];
  outputs: JsonObject;
}

/** The state of one stack: in memory, and in a file that is replaced as a whole after every step. */
export class StackState {
  readonly resources = new Map<string, ResourceState>();
  obsolete: ResourceState[] = [];
  outputs: JsonObject = {};
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    const content = read(path);
    for (const resource of content?.resources ?? []) this.resources.set(resource.urn, resource);
    this.obsolete = content?.obsolete ?? [];
    this.outputs = content?.outputs ?? {};
  }

  get isEmpty(): boolean {
    return this.resources.size === 0 && this.obsolete.length === 0;
  }

  /** Writes a new file beside the old one and renames it, so that a killed run leaves one or the other whole. */
  save(): void {
    const content: StateFile = {
      version: 1,
      resources: [...this.resources.values()],
      obsolete: this.obsolete,
      outputs: this.outputs,
    };
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${process.pid}.tmp`;
    rmSync(temporary, { force: true });
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(file, JSON.stringify(content, undefined, 1) + "\n");
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function read(path: string): StateFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined; // no run yet
  }
  try {
    const content = JSON.parse(text) as StateFile;
    if (content.version === 1) return content;
    throw new Error(`its version is ${String(content.version)}, this engine reads version 1`);
  } catch (error) {
    throw new UserError(
      `the state file ${path} cannot be read (${messageOf(error)}); restore it from a backup, or move it away and take the platform back with npm run recover`,
    );
  }
}
