import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  notebookVariables,
  removeEnvFile,
  withVariables,
  writeEnvFile,
} from "../../cli/envFile.ts";

const folder = mkdtempSync(join(tmpdir(), "mlops-env-"));
const path = join(folder, ".env");
afterAll(() => rmSync(folder, { recursive: true }));

const lines = (text: string) => text.trimEnd().split("\n").slice(1);

test("only the owner can read the file, also where it was open before", () => {
  writeFileSync(path, "", { mode: 0o644 });
  writeEnvFile(path, "dev", { MLFLOW_TRACKING_PASSWORD: "secret" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toContain("MLFLOW_TRACKING_PASSWORD=secret\n");
});

test("lines of another stack are removed, its secrets included, and the user's own lines stay", () => {
  writeEnvFile(path, "dev", { MODEL_NAME: "a", DASK_CLUSTER_SECRET: "secret" });
  writeFileSync(path, `${readFileSync(path, "utf8")}MINE=1\n`);
  writeEnvFile(path, "other", { MODEL_NAME: "b" });
  const text = readFileSync(path, "utf8");
  expect(text).not.toContain("DASK_CLUSTER_SECRET");
  expect(lines(text).slice(2)).toEqual(["MODEL_NAME=b", "MINE=1"]);
});

test("the user's own lines stay, ours are replaced", () => {
  const text = withVariables("MINE=1\n# a note\nexport MODEL_NAME=old\n", { MODEL_NAME: "new" });
  expect(lines(text)).toEqual(["MODEL_NAME=new", "MINE=1", "# a note"]);
  expect(withVariables(text, { MODEL_NAME: "new" })).toBe(text);
});

test("values that a shell would split are quoted", () => {
  const text = withVariables("", { A: "two words", B: "a$b`c", C: "http://127.0.0.1:5000" });
  expect(lines(text)).toEqual(["A='two words'", "B='a$b`c'", "C=http://127.0.0.1:5000"]);
});

test("a value that cannot be written is refused without being shown", () => {
  expect(() => withVariables("", { PASSWORD: "it's" })).toThrow(/^PASSWORD holds a quote/);
});

test("URLs of this machine win over the stack's", () => {
  const outputs = { notebookEnv: { MODEL_NAME: "m", MLFLOW_TRACKING_URI: "http://node:30001" } };
  const urls = { MLFLOW_TRACKING_URI: "http://127.0.0.1:5000" };
  const servers = { m: "http://127.0.0.1:8080", churn: "http://127.0.0.1:8081" };
  expect(notebookVariables(outputs, urls, servers)).toMatchObject({
    MODEL_NAME: "m",
    MLFLOW_TRACKING_URI: "http://127.0.0.1:5000",
  });
  expect(() => notebookVariables({}, {}, servers)).toThrow(/run `npm run up` first/);
});

test("it has the URL of the first model's server, and that of each model by any name", () => {
  const servers = { m: "http://127.0.0.1:8080", "Größe d'Or": "http://127.0.0.1:8081" };
  const variables = notebookVariables({ notebookEnv: {} }, {}, servers);
  const [, first, all] = /MODEL_SERVING_URL=(.*)\nMODEL_SERVERS='(.*)'/.exec(
    withVariables("", variables),
  )!;
  expect(first).toBe("http://127.0.0.1:8080");
  expect(JSON.parse(all!)).toEqual(servers);
});

test("the file is deleted with the stack that wrote it last, not with another one", () => {
  writeFileSync(path, "MINE=1\n");
  removeEnvFile(path, "dev");
  writeEnvFile(path, "dev", { MODEL_NAME: "a" });
  writeEnvFile(path, "other", { MODEL_NAME: "b" });
  removeEnvFile(path, "dev");
  removeEnvFile(path, "othe");
  const text = readFileSync(path, "utf8");
  expect(text.match(/^# Stack: .*$/gm)).toEqual(["# Stack: other"]);
  expect(text).toContain("MODEL_NAME=b\nMINE=1\n");
  removeEnvFile(path, "other");
  expect(existsSync(path)).toBe(false);
});
