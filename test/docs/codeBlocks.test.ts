import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parseAllDocuments } from "yaml";
import { checkoutRoot } from "../../local/support/cache.ts";
import { modelFolderFaults } from "../../program/models.ts";
import { blocksOf, type CodeBlock, codeBlocks } from "../support/codeBlocks.ts";
import { objectFaults } from "../support/kubernetesShapes.ts";
import { parseQuery } from "../support/promql.ts";
import { componentFaults, madeInYaml } from "../support/schemaShapes.ts";
import { scriptOf, syntaxFaults } from "../support/shell.ts";
import { planObjects, shellFaults, thrownBy } from "./shellBlocks.ts";

/*
 * Every block of every page is looked at by what its language is: what it names must exist, what it sets must be
 * accepted. TypeScript is compiled by test/contract/package.test.ts; Python that runs in seconds is run by the tests of apps/.
 */

const read = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");
const exists = (path: string) => existsSync(join(checkoutRoot, path));

beforeAll(planObjects);

type Faults = string[] | Promise<string[]>;

const checks: Readonly<Record<string, (block: CodeBlock) => Faults>> = {
  sh: shellFaults,
  console: shellFaults,
  ts: () => [],
  python: pythonFaults,
  "python fragment": pythonFaults,
  yaml: yamlFaults,
  json: ({ code }) => thrownBy(() => JSON.parse(code)),
  promql: ({ code }) =>
    code
      .trim()
      .split("\n")
      .flatMap((query) => parseQuery(query).errors),
  text: () => [],
  "": () => [],
};

const faultsOf = (block: CodeBlock): Faults =>
  checks[block.language]?.(block) ?? [
    `no check knows a block of ${block.language || "no language"}`,
  ];

// --- YAML

const stackSchema = new Ajv({ allowUnionTypes: true, strict: false }).compile(
  JSON.parse(read("docs/reference/stack.schema.json")) as object,
);

function yamlFaults({ code }: CodeBlock): string[] {
  return parseAllDocuments(code).flatMap((document) => {
    if (document.errors.length > 0) return document.errors.map(({ message }) => message);
    const value = document.toJS() as unknown as Record<string, unknown>;
    const [, model] = /^# models\/(\S+)\/model\.yaml$/m.exec(code) ?? [];
    if (model !== undefined) return modelFileFaults(model, code);
    if ("apiVersion" in value) return objectFaults(value);
    if ("resources" in value)
      return madeInYaml(code).flatMap(([component, inputs]) => componentFaults(component, inputs));
    if (/^# values of the chart /.test(code)) return [];
    const stack = "config" in value ? value : { config: value };
    return stackSchema(stack)
      ? []
      : stackSchema.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
  });
}

function modelFileFaults(name: string, code: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "models-"));
  try {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "train.py"), "");
    writeFileSync(join(folder, name, "model.yaml"), code);
    return modelFolderFaults(name, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// --- Python

/** What is wrong with each of several sources, and the packages that it imports but Python does not bring. */
const readPython = `
import ast, json, sys

def parsed(code):
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        return [str(error)], []
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    packages = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
    return [], sorted(packages)

print(json.dumps([parsed(code) for code in json.load(sys.stdin)]))
`;

/** Packages that are imported by another name than they are installed by. */
const distributions: Readonly<Record<string, string>> = {
  sklearn: "scikit-learn",
  google: "google-cloud-storage",
};

const locks = ["apps/tracking", "apps/serving", "apps/predict", "runtimes/catboost", "notebooks"]
  .map((folder) => read(`${folder}/requirements.txt`))
  .join("\n");
const ownModules = readdirSync(join(checkoutRoot, "apps")).flatMap((app) =>
  exists(`apps/${app}/src`) ? readdirSync(join(checkoutRoot, "apps", app, "src")) : [],
);

function pythonFaults({ page, code }: CodeBlock): string[] {
  const { stdout, stderr } = spawnSync("python3", ["-c", readPython], {
    input: JSON.stringify([code]),
    encoding: "utf8",
  });
  if (stdout === "") return [stderr];
  const [[faults, packages]] = JSON.parse(stdout) as [[string[], string[]]];
  const prose = read(page).replaceAll(/^(import|from) .*$/gm, "");
  const unknown = packages.filter((name) => {
    const installed = distributions[name] ?? name;
    const isLocked = new RegExp(`^${installed}(-\\w+)*==`, "m").test(locks);
    // what our images do not have, the page names as a package to install
    return (
      !isLocked && !ownModules.includes(name) && !new RegExp(`\\b${installed}\\b`, "i").test(prose)
    );
  });
  return [
    ...faults,
    ...unknown.map((name) => `${name} is imported and neither locked nor named by the page`),
  ];
}

// --- all of them

const blocks = codeBlocks();

async function pageFaults(found: readonly CodeBlock[]): Promise<string[]> {
  const scripts = found.filter(
    ({ language, isInText }) => !isInText && checks[language] === shellFaults,
  );
  const faults = syntaxFaults(
    scripts.map(({ language, code }) => scriptOf(language, code)).join("\n"),
  );
  for (const block of found) {
    for (const fault of await faultsOf(block)) faults.push(`line ${block.line}: ${fault}`);
  }
  return faults;
}

test.each([...new Set(blocks.map(({ page }) => page))])(
  "the code of %s names what exists, and is accepted",
  async (page) => {
    expect(await pageFaults(blocks.filter((block) => block.page === page))).toEqual([]);
  },
);

test.each<[language: string, code: string, fault: string]>([
  ["sh", "if true", "bash: line 2: syntax error: unexpected end of file"],
  ["sh", "npm run upp", "line 1: upp is no script of npm"],
  ["sh", "npm test -- unitt", "line 1: unitt is no stage"],
  [
    "sh",
    "npm run up --stack gke",
    "line 1: npm keeps --stack to itself, for `--` is not before it",
  ],
  ["console", "$ npm run up -- --stak x", "line 1: error: unknown option '--stak'"],
  ["sh", "npm run up -- --config trackingReplica=1", "  - trackingReplica is not a setting"],
  [
    "sh",
    "pulumi config set trackingReplicas 21",
    "  - trackingReplicas must be a whole number from 1 to 20",
  ],
  [
    "sh",
    "pulumi config set --path backupDestination.s3.endpoint x",
    "backupDestination is not set with --secret",
  ],
  [
    "sh",
    "echo $(pulumi stack output trackingUri)",
    "line 1: trackingUri is not an output of the stack",
  ],
  ["sh", "python bench/nothing.py", "line 1: bench/nothing.py does not exist"],
  ["sh", "kubectl logs deploy/postgrs", "line 1: no object is called postgrs"],
  ["sh", "kubectl logs -l app.kubernetes.io/name=mlfow", "line 1: no pod is labelled mlfow"],
  [
    "python",
    "import nothing_of_ours",
    "line 1: nothing_of_ours is imported and neither locked nor named by the page",
  ],
  ["python", "def f(:", "line 1: invalid syntax (<unknown>, line 1)"],
  [
    "yaml",
    "config:\n  mlops-platform:nothing: 1",
    "line 1: /config must NOT have additional properties",
  ],
  [
    "yaml",
    "apiVersion: v1\nkind: Pod\nspec: { container: [] }",
    "line 1: Pod.spec.container is not a field",
  ],
  [
    "yaml",
    "# models/m/model.yaml\nmetric: accuracy",
    "line 1: models/m/model.yaml: direction is missing",
  ],
  ["json", "{", "line 1: Expected property name or '}' in JSON"],
  ["promql", "sum(up", "line 1: end of the query"],
  ["ruby", "x", "line 1: no check knows a block of ruby"],
])("a wrong block of %s would be found: %s", async (language, code, fault) => {
  const wrong = blocksOf("README.md", `\`\`\`${language}\n${code}\n\`\`\`\n`);
  expect((await pageFaults(wrong)).join("\n")).toContain(fault);
});
