/* Resources as a Pulumi program without components, as `pulumi new kubernetes-typescript` begins one. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";
import type { Registered } from "./pulumiMonitor.ts";

const secret = "4dabf18193072939515e22adb298388d";

/** Write the program of these resources, with Pulumi's own settings of TypeScript. */
export function defaultTemplate(folder: string, resources: readonly Registered[]): void {
  const imports = ["kubernetes as k8s", "gcp", "random"].map((name) => {
    const [module, alias = module] = name.split(" as ");
    return `import * as ${alias} from "@pulumi/${module}";`;
  });
  write(folder, "index.ts", [...imports, ...resources.map(statement)].join("\n"));
  write(folder, "package.json", JSON.stringify({ name: "plain", main: "index.ts" }));
  write(folder, "tsconfig.json", JSON.stringify({ compilerOptions, files: ["index.ts"] }));
  link(folder, "@pulumi", "typescript", "@types/node", "undici-types");
}

/** The same resources, each class imported from its own module, run without a compile step. */
export function leafProgram(folder: string, resources: readonly Registered[]): void {
  const classes = new Map(resources.map(({ type }) => [type, leafOf(type)]));
  const imports = [...classes.values()].map(([name, file]) => `import { ${name} } from "${file}";`);
  const lines = resources.map((one) => `new ${classes.get(one.type)![0]}(${argumentsOf(one)});`);
  const first = `import "${join(checkoutRoot, "program/stackTraces.ts")}";`;
  write(folder, "index.ts", [first, ...imports, ...lines].join("\n"));
  write(folder, "package.json", JSON.stringify({ name: "leaf", main: "index.ts", type: "module" }));
  link(folder, "@pulumi");
}

const compilerOptions = {
  strict: true,
  outDir: "bin",
  target: "es2020",
  module: "nodenext",
  moduleResolution: "nodenext",
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
};

const write = (folder: string, file: string, text: string) =>
  writeFileSync(join(folder, file), `${text}\n`);

/** Only what the program names: the compiler reads every package of types that it finds. */
function link(folder: string, ...packages: string[]): void {
  for (const name of packages) {
    const at = join(folder, "node_modules", name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(checkoutRoot, "node_modules", name), at);
  }
}

const statement = (one: Registered) => `new ${className(one.type)}(${argumentsOf(one)});`;

function argumentsOf({ type, name, inputs }: Registered): string {
  const given = plain(inputs) as Record<string, unknown>;
  // what a provider is given travels as text
  for (const [key, value] of type.startsWith("pulumi:") ? Object.entries(given) : []) {
    if (value === "true" || value === "false") given[key] = value === "true";
  }
  return `${JSON.stringify(name)}, ${JSON.stringify(given)}`;
}

/** kubernetes:apps/v1:Deployment → k8s.apps.v1.Deployment, gcp:sql/user:User → gcp.sql.User */
function className(type: string): string {
  const [pack, module, name] = type.split(":") as [string, string, string];
  if (pack === "pulumi") return `${name === "kubernetes" ? "k8s" : name}.Provider`;
  if (pack === "kubernetes") {
    const [group, version] = module.split("/") as [string, string];
    return `k8s.${group.split(".")[0]}.${version}.${name}`;
  }
  const space = module.split("/")[0]!;
  return space === "index" ? `${pack}.${name}` : `${pack}.${space}.${name}`;
}

function leafOf(type: string): [name: string, file: string] {
  const [pack, module, name] = type.split(":") as [string, string, string];
  if (pack === "pulumi") return ["Provider", `@pulumi/${name}/provider.js`];
  const file = `${name[0]!.toLowerCase()}${name.slice(1)}.js`;
  if (pack !== "kubernetes") return [name, `@pulumi/${pack}/${module.replace("index/", "")}.js`];
  const [group, version] = module.split("/") as [string, string];
  return [name, `@pulumi/kubernetes/${group.split(".")[0]}/${version}/${file}`];
}

/** Without the marks of secrets, and without what a plan cannot know. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (secret in value) return plain((value as { value?: unknown }).value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== null)
      .map(([key, part]) => [key, plain(part)]),
  );
}
