import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { componentFaults, computed, type Made, madeInYaml } from "../support/schemaShapes.ts";

/*
 * What examples in other languages give to our components, held to the schema from which their SDKs are generated. Values
 * that the program computes are opaque; every name and every literal is looked at.
 */

const example = (path: string) => readFileSync(join(checkoutRoot, "examples", path), "utf8");

/** Prints the calls of `mlops.X(…)` in a program: the class and its keyword arguments, which the SDK spells in snake case. */
const readPython = `
import ast, json, re, sys

def camel(name):
    return re.sub("_(.)", lambda match: match[1].upper(), name)

def value(node):
    match node:
        case ast.Constant():
            return node.value
        case ast.Dict():
            return {camel(key.value): value(item) for key, item in zip(node.keys, node.values)}
        case ast.List():
            return [value(item) for item in node.elts]
    return ${JSON.stringify(computed)}

made = [
    [node.func.attr, {camel(word.arg): value(word.value) for word in node.keywords}]
    for node in ast.walk(ast.parse(sys.stdin.read()))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    and isinstance(node.func.value, ast.Name) and node.func.value.id == "mlops"
]
print(json.dumps(made))
`;

const madeInPython = (text: string) =>
  JSON.parse(
    execFileSync("python3", ["-c", readPython], { input: text, encoding: "utf8" }),
  ) as Made[];

/** What `mlops.NewX(…, &mlops.XArgs{…})` gives, with the names of the schema, which Go begins with a capital. */
function madeInGo(text: string): Made[] {
  const camel = (name: string) => name[0]!.toLowerCase() + name.slice(1);
  let rest = "";
  const take = (pattern: RegExp) => {
    const found = pattern.exec(rest);
    if (found) rest = rest.slice(found[0].length);
    return found;
  };
  const value = (): unknown => {
    if (take(/^\s*&?mlops\.\w+Args\{/)) return fields();
    const [literal, text, number] =
      take(/^\s*pulumi\.\w+\((?:"([^"]*)"|([\d.]+))\)/) ??
      take(/^\s*\w+\.\w+\((?:"[^"]*"|[^()]|\([^()]*\))*\)/)!;
    expect(literal).toBeDefined();
    return text ?? (number === undefined ? computed : Number(number));
  };
  const fields = (): Record<string, unknown> => {
    const all: Record<string, unknown> = {};
    for (let key; (key = take(/^[\s,]*(\w+):/));) all[camel(key[1]!)] = value();
    expect(take(/^[\s,]*\}/)).not.toBeNull();
    return all;
  };
  return [...text.matchAll(/mlops\.New(\w+)\([^&]*&mlops\.\1Args\{/g)].map(
    ({ 0: opening, 1: component, index }) => {
      rest = text.slice(index + opening.length);
      return [component!, fields()];
    },
  );
}

const stores = ["PostgresDatabase", "VolumeArtifactStore"];
const languages: [path: string, read: (text: string) => Made[], components: string[]][] = [
  ["tracking-yaml/Pulumi.yaml", madeInYaml, [...stores, "TrackingServer"]],
  ["tracking-python/__main__.py", madeInPython, [...stores, "TrackingServer"]],
  ["tracking-go/main.go", madeInGo, ["TrackingServer"]],
];

test.each(languages)(
  "%s gives each component what the schema asks for",
  (path, read, components) => {
    const text = example(path);
    expect(text.trim().split("\n").length).toBeLessThanOrEqual(30);
    const made = read(text);
    expect(made.map(([component]) => component)).toEqual(components);
    expect(made.flatMap(([component, inputs]) => componentFaults(component, inputs))).toEqual([]);
  },
);

test("the README has one component in each language that the schema describes", () => {
  const readme = example("../README.md");
  const [python, yaml] = ["python", "yaml"].map(
    (language) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme)![1]!,
  );
  const made = [...madeInPython(python!), ...madeInYaml(yaml!)];
  expect(made.map(([component]) => component)).toEqual(["PredictionApp", "PredictionApp"]);
  expect(made.flatMap(([component, inputs]) => componentFaults(component, inputs))).toEqual([]);
  expect(made[0]![1]["namespace"]).toEqual(made[1]![1]["namespace"]);
});

test("a wrong argument in a program in Go would be found", () => {
  const text = `mlops.NewBackup(ctx, "b", &mlops.BackupArgs{Imge: pulumi.String("i"), Tracking: mlops.BackedUpTrackingArgs{Image: pulumi.Float64(1)}})`;
  const [[component, inputs]] = madeInGo(text) as [Made];
  expect(componentFaults(component, inputs)).toEqual(
    expect.arrayContaining([
      "Backup.image must be given",
      "Backup.imge is not an argument",
      "Backup.tracking.image must be a string",
    ]),
  );
});

test("a wrong argument in a program in Python would be found", () => {
  const text = `mlops.TrackingServer("m", namespace=ns, imge="i", users=[{"username": 1, "permission": "own"}])`;
  const [[component, inputs]] = madeInPython(text) as [Made];
  expect(componentFaults(component, inputs).sort()).toEqual([
    "TrackingServer.artifacts must be given",
    "TrackingServer.database must be given",
    "TrackingServer.image must be given",
    "TrackingServer.imge is not an argument",
    "TrackingServer.users[0].password must be given",
    "TrackingServer.users[0].permission must be read or write",
    "TrackingServer.users[0].username must be a string",
  ]);
});
