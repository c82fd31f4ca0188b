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

const languages: [path: string, read: (text: string) => Made[]][] = [
  ["tracking-yaml/Pulumi.yaml", madeInYaml],
  ["tracking-python/__main__.py", madeInPython],
];

test.each(languages)("%s gives each component what the schema asks for", (path, read) => {
  const text = example(path);
  expect(text.trim().split("\n").length).toBeLessThanOrEqual(30);
  const made = read(text);
  expect(made.map(([component]) => component)).toEqual([
    ...["PostgresDatabase", "VolumeArtifactStore", "TrackingServer"],
  ]);
  expect(made.flatMap(([component, inputs]) => componentFaults(component, inputs))).toEqual([]);
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
