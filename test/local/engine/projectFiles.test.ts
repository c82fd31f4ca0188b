import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, loadProject } from "../../../local/engine/projectFiles.ts";

const folder = mkdtempSync(join(tmpdir(), "engine-config-"));
const stackFile = join(folder, "Pulumi.dev.yaml");
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(
  join(folder, "Pulumi.yaml"),
  `name: shop
config:
  replicas: { type: integer, default: 2, description: How many }
  token: { type: string, secret: true }
  plain: text
  shop:qualified: { value: [1, 2] }
  undecided: { type: string }
  pulumi:disable-default-providers: { value: [kubernetes] }
`,
);
const project = loadProject(folder);

test("declared defaults have qualified keys, and values other than text are JSON", () => {
  expect(loadConfig(project, stackFile)).toEqual({
    values: {
      "shop:replicas": "2",
      "shop:plain": "text",
      "shop:qualified": "[1,2]",
      "pulumi:disable-default-providers": '["kubernetes"]',
    },
    secretKeys: [],
  });
});

test("the stack file wins over defaults, and overrides win over both", () => {
  writeFileSync(
    stackFile,
    "config:\n  shop:replicas: 3\n  shop:token: hush\n  shop:other: { a: 1 }\n",
  );
  const { values, secretKeys } = loadConfig(project, stackFile, { plain: "changed" });
  expect(values).toMatchObject({
    "shop:replicas": "3",
    "shop:token": "hush",
    "shop:other": '{"a":1}',
    "shop:plain": "changed",
  });
  expect(secretKeys).toEqual(["shop:token"]);
});

test("a value encrypted for the CLI is refused, unless it is given another way", () => {
  writeFileSync(stackFile, "config:\n  shop:token:\n    secure: v1:abc\n");
  expect(() => loadConfig(project, stackFile)).toThrow(
    /shop:token in .* is encrypted for the Pulumi CLI.*pass --config token=@<file>/,
  );
  expect(loadConfig(project, stackFile, { token: "x" })).toMatchObject({
    values: { "shop:token": "x" },
    secretKeys: ["shop:token"],
  });
});

test("an encrypted value at any depth can be replaced, and counts as secret", () => {
  writeFileSync(
    stackFile,
    "config:\n  shop:plain: open\n  shop:other:\n    url: { secure: v1:abc }\n    to: [ops]\n",
  );
  expect(() => loadConfig(project, stackFile)).toThrow(/shop:other in .* is encrypted/);
  const { values, secretKeys } = loadConfig(project, stackFile, {}, { encryptedAs: "hidden" });
  expect(values).toMatchObject({
    "shop:plain": "open",
    "shop:other": '{"url":"hidden","to":["ops"]}',
  });
  expect(secretKeys).toEqual(["shop:other"]);
});

test("an override is secret if the caller marks it", () => {
  const given = { plain: "hush", replicas: "1" };
  expect(
    loadConfig(project, stackFile, given, { secrets: ["plain"], encryptedAs: "" }),
  ).toMatchObject({
    values: { "shop:plain": "hush", "shop:replicas": "1" },
    secretKeys: ["shop:other", "shop:plain"],
  });
});
