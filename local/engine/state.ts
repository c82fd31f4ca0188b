import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { UserError, messageOf } from "../support/errors.ts";
import type { JsonObject } from "../support/propertyValues.ts";

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
  /** Counts replacements of an object whose name the engine chose. */
  generation: number;
  /** Set before a call that changes something and cleared after it: the run may have died in between. */
  pending?: "create" | "update" | "delete";
  /** Deleted because something it depends on is replaced; created again in its turn. */
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
  readonly resources: Map<string, ResourceState>;
  obsolete: ResourceState[];
  outputs: JsonObject;
  readonly #path: string;
  #saved: Promise<void> | undefined;

  constructor(path: string) {
    const { resources, obsolete, outputs } = read(path);
    this.#path = path;
    this.resources = new Map(resources.map((resource) => [resource.urn, resource]));
    this.obsolete = obsolete;
    this.outputs = outputs;
  }

  get isEmpty(): boolean {
    return this.resources.size === 0 && this.obsolete.length === 0;
  }

  /**
   * Resolves once a file holds what is known now. Resources that are at work at the same time share a write: one for each
   * would make the time of a run grow with the square of their number.
   */
  save(): Promise<void> {
    this.#saved ??= setImmediate().then(() => {
      this.#saved = undefined;
      this.#write();
    });
    return this.#saved;
  }

  /** Writes a new file and renames it over the old one, so that a killed run leaves one of the two whole. */
  #write(): void {
    const { obsolete, outputs } = this;
    const resources = [...this.resources.values()];
    const content: StateFile = { version: 1, resources, obsolete, outputs };
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    rmSync(this.#temporary, { force: true });
    const file = openSync(this.#temporary, "wx", 0o600);
    try {
      writeFileSync(file, JSON.stringify(content, undefined, 1) + "\n");
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(this.#temporary, this.#path);
  }

  /** Removes the file, and what a killed run has left of the next one. */
  remove(): void {
    for (const file of [this.#path, this.#temporary]) rmSync(file, { force: true });
  }

  /** One name for all runs, of which the lock of the stack lets only one write. */
  get #temporary(): string {
    return `${this.#path}.tmp`;
  }
}

function read(path: string): StateFile {
  if (!existsSync(path)) return { version: 1, resources: [], obsolete: [], outputs: {} };
  try {
    const content = JSON.parse(readFileSync(path, "utf8")) as StateFile;
    if (content.version === 1) return content;
    throw new Error(`its version is ${String(content.version)}, this engine reads version 1`);
  } catch (error) {
    throw new UserError(
      `the state file ${path} cannot be read (${messageOf(error)}); restore it from a backup, or move it away and recover the platform with \`npm run recover\``,
    );
  }
}
