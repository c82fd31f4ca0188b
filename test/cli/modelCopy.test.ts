import { readFileSync, writeFileSync } from "node:fs";
import { type Mlflow, MlflowError } from "../../cli/mlflow.ts";
import { copyModelVersion, modelReference } from "../../cli/modelCopy.ts";

type Fields = Record<string, any>;

/** As much of a tracking server as holds one experiment, in memory. */
class FakeMlflow implements Mlflow {
  readonly url = "http://fake";
  readonly runs: Fields[] = [];
  readonly models: Fields[] = [];
  readonly versions: Fields[] = [];
  readonly registered: Fields[] = [];
  readonly metrics: Fields[] = [];
  readonly files = new Map<string, string>();
  /** Changes or refuses what is uploaded. */
  onUpload = (content: string) => content;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async call<T>(method: string, body: Fields = {}): Promise<T> {
    const [path = "", query] = method.split("?");
    return this.#answer(path, { ...body, ...Object.fromEntries(new URLSearchParams(query)) }) as T;
  }

  #answer(path: string, given: Fields): Fields {
    const filter = String(given["filter"]);
    const tagged = (one: Fields) => {
      const [, key, , value] = /tags\.`(.+)` = (['"])((?:(?!\2).)+)\2$/.exec(filter) ?? [];
      const [, , name] = /^name = (['"])((?:(?!\1).)+)\1(?: AND |$)/.exec(filter) ?? [];
      return (
        (key === undefined || tagsOf(one)[key] === value) &&
        (!filter.startsWith("name") || one["name"] === name)
      );
    };
    switch (path) {
      case "experiments/get":
      case "experiments/get-by-name":
        return { experiment: { experiment_id: "1", name: "churn experiment" } };
      case "runs/get":
        return { run: this.runs.find(({ info }) => info.run_id === given["run_id"])! };
      case "runs/search":
        return { runs: this.runs.filter(({ data }) => tagged(data as Fields)) };
      case "runs/create": {
        const run_id = `${this.#prefix}-run-${this.runs.length}`;
        const artifact_uri = `mlflow-artifacts:/1/${run_id}/artifacts`;
        const { tags, ...info } = given;
        this.runs.push({ info: { ...info, run_id, artifact_uri }, data: { tags, params: [] } });
        return { run: this.runs.at(-1)! };
      }
      case "runs/update": {
        const { info } = this.runs.find((one) => one["info"].run_id === given["run_id"])!;
        return Object.assign(info as Fields, given);
      }
      case "runs/log-batch":
        this.runs
          .find(({ info }) => info.run_id === given["run_id"])!
          ["data"].params.push(...(given["params"] ?? []));
        this.metrics.push(...(given["metrics"] ?? []));
        return {};
      case "metrics/get-history":
        return { metrics: this.metrics.filter(({ key }) => key === given["metric_key"]) };
      case "logged-models/search":
        return { models: this.models };
      case "logged-models": {
        const model_id = `m-${this.#prefix}${this.models.length}`;
        const artifact_uri = `mlflow-artifacts:/1/models/${model_id}`;
        this.models.push({ info: { ...given, model_id, artifact_uri }, data: given });
        return { model: this.models.at(-1)! };
      }
      case "model-versions/get":
        return { model_version: this.#version((one) => one["version"] === given["version"]) };
      case "registered-models/alias":
        return { model_version: this.#version((one) => one["alias"] === given["alias"]) };
      case "model-versions/search":
        return { model_versions: this.versions.filter(tagged).reverse().slice(0, 1) };
      case "registered-models/get": {
        const found = this.registered.find(({ name }) => name === given["name"]);
        if (!found) throw new MlflowError(path, 404, "");
        return { registered_model: found };
      }
      case "registered-models/create":
        this.registered.push(given);
        return {};
      case "model-versions/create":
        this.versions.push({ ...given, version: `${this.versions.length + 1}` });
        return { model_version: this.versions.at(-1)! };
    }
    const model = this.models.find(({ info }) => path === `logged-models/${info.model_id}`);
    if (!model) throw new Error(`nothing answers ${path}`);
    if (given["status"]) model["info"].status = given["status"];
    return { model };
  }

  #version(isIt: (one: Fields) => boolean): Fields {
    const found = this.versions.find(isIt);
    if (!found) throw new MlflowError("model-versions/get", 404, "it is not there");
    return found;
  }

  listArtifacts = (folder: string) =>
    Promise.resolve(
      [...this.files.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    );

  async download(path: string, file: string): Promise<void> {
    writeFileSync(file, this.files.get(path)!);
  }

  async upload(path: string, file: string): Promise<void> {
    this.files.set(path, this.onUpload(readFileSync(file, "utf8")));
  }

  putArtifact = () => Promise.reject(new Error("not used"));
  getArtifact = () => Promise.reject(new Error("not used"));
}

const tagsOf = ({ tags = [] }: Fields): Fields =>
  Object.fromEntries((tags as Fields[]).map(({ key, value }) => [key, value]));

let source: FakeMlflow;
let target: FakeMlflow;

beforeEach(async () => {
  source = new FakeMlflow("old");
  target = new FakeMlflow("new");
  const start = { run_name: "best", status: "FINISHED", start_time: 1, end_time: 2 };
  await source.call("runs/create", { ...start, tags: [{ key: "team", value: "a" }] });
  const run_id = "old-run-0";
  source.runs[0]!["data"].metrics = [{ key: "loss", value: 2 }];
  await source.call("runs/log-batch", {
    run_id,
    params: [{ key: "depth", value: "3" }],
    metrics: [1, 2].map((step) => ({ key: "loss", value: step, step, timestamp: step, run_id })),
  });
  await source.call("logged-models", { name: "model", source_run_id: run_id, status: "READY" });
  source.files.set("1/old-run-0/artifacts/notes/text.txt", "notes");
  source.files.set("1/models/m-old0/MLmodel", "the model");
  source.registered.push({ name: "churn", description: "who leaves" });
  const version = { name: "churn", run_id, source: "models:/m-old0", description: "good" };
  source.versions.push({ ...version, version: "1", alias: "champion", tags: [] });
});

const copy = (reference = "churn") =>
  copyModelVersion(source, target, modelReference(reference), "dev", () => {});

test("a version is copied with its run, metrics and files, and tags name its origin", async () => {
  target.versions.push({ name: "churn", version: "1", tags: [] });
  expect(await copy("churn@champion")).toEqual({ version: "2", isNew: true });
  const [run] = target.runs;
  expect(run!["info"]).toMatchObject({ run_name: "best", start_time: 1, end_time: 2 });
  expect(run!["info"].status).toBe("FINISHED");
  expect(run!["data"].params).toEqual([{ key: "depth", value: "3" }]);
  expect(tagsOf(run!["data"] as Fields)).toEqual({
    team: "a",
    "mlops.copied_run_id": "old-run-0",
  });
  expect(target.metrics.map(({ value, step }) => [value, step])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(Object.fromEntries(target.files)).toEqual({
    "1/new-run-0/artifacts/notes/text.txt": "notes",
    "1/models/m-new0/MLmodel": "the model",
  });
  expect(target.models[0]!["info"].status).toBe("LOGGED_MODEL_READY");
  expect(target.registered).toMatchObject([{ name: "churn", description: "who leaves" }]);
  const version = target.versions.at(-1)!;
  expect(version).toMatchObject({ source: "models:/m-new0", run_id: "new-run-0" });
  expect(tagsOf(version)).toEqual({ "mlops.copied_from": "dev:churn/1" });
});

test("a second run copies nothing", async () => {
  await copy();
  expect(await copy("churn/1")).toEqual({ version: "1", isNew: false });
  expect(target.runs).toHaveLength(1);
});

test.each(["people's choice", 'the "best" one'])(
  "%s is found, and not copied twice",
  async (name) => {
    for (const one of [...source.versions, ...source.registered]) one["name"] = name;
    expect(await copy(name)).toEqual({ version: "1", isNew: true });
    expect(await copy(name)).toEqual({ version: "1", isNew: false });
  },
);

test("a name that MLflow cannot search for is refused with the fix", async () => {
  await expect(copy("a'b\"c")).rejects.toThrow("has both kinds of quotes; rename it");
});

test("an interrupted copy is finished, without a second run or model", async () => {
  target.onUpload = (content) => {
    if (content === "the model") throw new Error("away");
    return content;
  };
  await expect(copy()).rejects.toThrow("away");
  expect(target.versions).toEqual([]);
  target.onUpload = (content) => content;
  expect(await copy()).toEqual({ version: "1", isNew: true });
  expect([target.runs.length, target.models.length]).toEqual([1, 1]);
});

test("a file that arrives changed does not become a version", async () => {
  target.onUpload = (content) => content.toUpperCase();
  await expect(copy()).rejects.toThrow("notes/text.txt has another content after the upload");
  expect(target.versions).toEqual([]);
});

test.each([
  ["churn/9", "there is no such version to copy"],
  ["churn@nobody", "there is no such version to copy"],
])("%s that is not there is said to be so", async (reference, message) => {
  await expect(copy(reference)).rejects.toThrow(message);
});

test.each(["churn/first", "@champion", "churn@", ""])("%j is no version of a model", (text) => {
  expect(() => modelReference(text)).toThrow("--model must be NAME, NAME@ALIAS or NAME/VERSION");
});
