import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../cli/commands/index.ts";
import { runCommandLine } from "../../cli/commandLine.ts";
import { services } from "../../components/core/services.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { configKeys, settingOf, type SettingKey } from "../../program/settings.ts";
import { stages } from "../runner/stages.ts";
import type { CodeBlock } from "../support/codeBlocks.ts";
import { configOf } from "../support/config.ts";
import { fullPlatformArgs, makePlatform } from "../support/fixtures.ts";
import { podTemplates } from "../support/podSecurity.ts";
import { record } from "../support/recorder.ts";
import { type Command, commandsOf, scriptOf } from "../support/shell.ts";
import { isObject } from "../support/wire.ts";

/*
 * What commands of the documentation name must exist: scripts of npm with their options, settings with their values,
 * outputs, files, objects of the platform.
 */

const read = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");
const exists = (path: string) => existsSync(join(checkoutRoot, path));
const topFolders = readdirSync(checkoutRoot, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The lines of what an action throws; nothing when it ends well. */
export function thrownBy(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
}

const isConfigKey = (key: string): key is SettingKey => configKeys.includes(key as SettingKey);

/** Names that kubectl may be given: of objects, and of the pods' label `app.kubernetes.io/name`. */
const objects = new Set<string>();
const applications = new Set<string>();

export async function planObjects(): Promise<void> {
  const [model] = fullPlatformArgs.models;
  const models = ["churn", "diabetes-progression"].map((name) => ({
    ...model!,
    name,
    nodePort: undefined,
  }));
  const { resources } = await record(() => makePlatform("mlops", { ...fullPlatformArgs, models }));
  // of components that the platform makes with a domain only
  objects.add("mlflow-login");
  for (const { name } of Object.values(services)) {
    objects.add(name);
    applications.add(name);
  }
  for (const { inputs } of resources) {
    const { metadata } = inputs;
    if (isObject(metadata)) objects.add(String(metadata["name"]));
  }
  for (const { labels } of podTemplates(resources))
    applications.add(String(labels["app.kubernetes.io/name"]));
}

export async function shellFaults({
  page,
  language,
  code,
  isInText,
}: CodeBlock): Promise<string[]> {
  const script = scriptOf(language, code);
  const found = commandsOf(script);
  const faults = settingFaults(page, found);
  for (const command of found) {
    const words = command.words.filter((word) => word !== "…");
    faults.push(...pathFaults(words));
    if (words[0] === "npm") {
      const said = await npmFaults(words);
      // a sentence may name an option without its value
      faults.push(...said.filter((fault) => !isInText || !fault.includes("argument missing")));
    }
    if (words[0] === "kubectl") faults.push(...kubectlFaults(words));
    if (words.slice(0, 3).join(" ") === "pulumi stack output") faults.push(...outputFaults(words));
  }
  return faults;
}

/** Words that look like files of the checkout; `models/` has also those that the reader is about to make. */
const pathFaults = (words: readonly string[]) =>
  words
    .slice(1)
    .map((word) => word.replace(/^\.\.?\/(\.\.\/)*/, ""))
    .filter((word) => topFolders.includes(word.split("/")[0]!) && word.includes("/"))
    .filter(
      (word) => !/^(models|node_modules)\/|[*$]|^\w+\/[A-Z]+|\.tgz$/.test(word) && !exists(word),
    )
    .map((word) => `${word} does not exist`);

async function npmFaults(words: readonly string[]): Promise<string[]> {
  const [, prefix] = /(?:^| )--prefix (\S+)/.exec(words.join(" ")) ?? [];
  const [verb, ...rest] = words.slice(prefix === undefined ? 1 : 3);
  if (verb !== "run" && verb !== "test") return [];
  const [script, ...others] = verb === "test" ? ["test", ...rest] : rest;
  const { scripts } = JSON.parse(read(join(prefix ?? ".", "package.json"))) as {
    scripts: Record<string, string>;
  };
  if (script === undefined || !(script in scripts)) return [`${script} is no script of npm`];
  if (!(script in commands) || prefix !== undefined) return [];
  const dashes = others.indexOf("--");
  const kept = others
    .slice(0, dashes < 0 ? undefined : dashes)
    .filter((word) => word.startsWith("-"));
  if (kept.length > 0)
    return [`npm keeps ${kept.join(" ")} to itself, for \`--\` is not before it`];
  const args = others.filter((_, at) => at !== dashes);
  if (script === "test")
    return args
      .filter((word) => !word.startsWith("-") && !isStage(word))
      .map((word) => `${word} is no stage`);
  return await commandFaults([script, ...args]);
}

const isStage = (word: string) =>
  word === "NAME" || stages.some(({ name, group }) => [name, group].includes(word));

/** What commander says about a command line, with commands that do nothing. */
async function commandFaults(args: string[]): Promise<string[]> {
  const [name] = args as [string];
  const load = () => Promise.resolve(() => Promise.resolve(0));
  const said: string[] = [];
  const write = jest
    .spyOn(process.stderr, "write")
    .mockImplementation((text) => !!said.push(String(text)));
  const exit = jest.spyOn(process, "exit").mockImplementation(() => {
    throw new Error("exit");
  });
  try {
    await runCommandLine(args, { [name]: { ...commands[name]!, load } }, {});
    return [];
  } catch {
    return [said.join("")];
  } finally {
    write.mockRestore();
    exit.mockRestore();
  }
}

/** The stack that comes with the checkout, with the one setting that it leaves to people. */
const onGke: Record<string, string> = {
  ...Object.fromEntries(
    [...read("Pulumi.gke.yaml").matchAll(/^  mlops-platform:(\w+): (.*)$/gm)].map((line) =>
      line.slice(1),
    ),
  ),
  gcpProject: "my-project-1",
};

/** Settings that a page's commands set so far: what a reader has who follows it from the top. */
const followed = new Map<string, Record<string, string>>();

/** What is wrong with the settings of a block, on their own and after those above it. */
function settingFaults(page: string, found: readonly Command[]): string[] {
  const { faults, given } = settingsIn(page, found);
  if (Object.keys(given).length === 0) return faults;
  const before = followed.get(page) ?? (read(page).includes("--stack gke") ? onGke : {});
  followed.set(page, { ...before, ...given });
  const refused = (all: Record<string, string>) => thrownBy(() => configOf(all));
  const alone = refused(given);
  return [...faults, ...(alone.length > 0 && refused(followed.get(page)!).length > 0 ? alone : [])];
}

function settingsIn(page: string, found: readonly Command[]) {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  let folder = "";
  for (const { words, hasInput } of found) {
    if (words[0] === "cd") folder = words[1] ?? "";
    for (const [at, word] of words.entries()) {
      const [, key, value] = /^(\w+)=(.*)/.exec(word) ?? [];
      const isPlain = key !== undefined && key !== "KEY" && !value!.startsWith("@");
      if (words[at - 1] === "--config" && isPlain) values[key] = value;
    }
    if (words.slice(0, 3).join(" ") !== "pulumi config set") continue;
    const [path, text] = words.slice(3).filter((word) => !word.startsWith("--"));
    const [key, ...inner] = path!.split(".") as [string, ...string[]];
    if (key === "KEY") continue;
    if (folder.startsWith("examples/")) {
      if (!isReadIn(folder, key)) faults.push(`${key} is no setting of ${folder}`);
    } else if (!isConfigKey(key)) {
      faults.push(`${key} is not a setting`);
    } else {
      const isHidden = new RegExp(`--secret [^\`\n]*\\b${key}\\b`).test(read(page));
      if (settingOf(key).isSecret && !isHidden) faults.push(`${key} is not set with --secret`);
      // without a value the CLI asks for it
      const value = text ?? (hasInput ? "{}" : "given");
      values[key] = inner.length === 0 ? value : withInner(values[key], inner, value);
    }
  }
  const given = Object.entries(values).map(([key, value]) => [
    ...[key, typeof value === "string" ? value : JSON.stringify(value)],
  ]);
  return { faults, given: Object.fromEntries(given) as Record<string, string> };
}

const isReadIn = (folder: string, key: string) =>
  readdirSync(join(checkoutRoot, folder)).some((file) =>
    new RegExp(`\\b${key}\\b`).test(read(join(folder, file))),
  );

const withInner = (value: unknown, [key, ...inner]: string[], text: string): unknown =>
  key === undefined
    ? text
    : {
        ...(value as object),
        [key]: withInner((value as Record<string, unknown> | undefined)?.[key], inner, text),
      };

const isPlaceholder = (name: string) => /[A-Z]{2}|[$<*]/.test(name);

function kubectlFaults(words: readonly string[]): string[] {
  const text = words.join(" ");
  const named = [
    ...text.matchAll(/ (?:deploy|deployment|statefulset|svc|cronjob|pvc)[/ ]([\w.-]+)/g),
  ].map(([, name]) => name!);
  const labelled = [
    ...text.matchAll(/app\.kubernetes\.io\/name(?:=([\w-]+)| in \(([\w, -]+))/g),
  ].flatMap(([, name, names]) => name ?? names!.split(/, */));
  return [
    ...named
      .filter((name) => !name.startsWith("-") && !objects.has(name) && !isPlaceholder(name))
      .map((name) => `no object is called ${name}`),
    ...labelled
      .filter((name) => !applications.has(name))
      .map((name) => `no pod is labelled ${name}`),
  ];
}

const outputFaults = (words: readonly string[]) =>
  words
    .slice(3)
    .filter((word) => !word.startsWith("-"))
    .filter((word) => !read("docs/reference/outputs.md").includes(`\n| \`${word}\` `))
    .map((word) => `${word} is not an output of the stack`);
