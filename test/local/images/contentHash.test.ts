import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type App,
  contentHash,
  holdImageTags,
  IMAGE_INPUTS,
  imageReference,
  imageSource,
  inputFiles,
} from "../../../program/images.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";

let root: string;
const write = (path: string, content: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};
const apps = Object.keys(IMAGE_INPUTS) as App[];
const hash = () => contentHash(root, ["serving", "training"]);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "images-"));
  write("serving/Dockerfile", "FROM scratch\n");
  write("serving/src/app.py", "print(1)\n");
  write("training/src/train.py", "print(2)\n");
});
afterEach(() => rmSync(root, { recursive: true }));

test.each([
  ["a changed file", () => write("serving/src/app.py", "print(3)\n")],
  ["a changed file of the second folder", () => write("training/src/train.py", "print(3)\n")],
  ["a new file", () => write("serving/src/new.py", "")],
  ["a changed Dockerfile", () => write("serving/Dockerfile", "FROM other\n")],
  [
    "content that moved to another file",
    () => {
      write("serving/src/app.py", "print(2)\n");
      write("training/src/train.py", "print(1)\n");
    },
  ],
])("%s gives another tag", (_, change) => {
  const before = hash();
  change();
  expect(hash()).not.toBe(before);
});

test.each([
  ["a test", () => write("serving/tests/test_app.py", "assert True\n")],
  ["a text for people", () => write("serving/README.md", "# Serving\n")],
  ["a setting of a linter", () => write("serving/pyproject.toml", "[tool.ruff]\n")],
  ["a note for the next lock file", () => write("serving/requirements.in", "mlflow\n")],
  ["what Python leaves behind", () => write("serving/src/__pycache__/app.cpython-311.pyc", "x")],
  ["what tools leave behind", () => write("serving/.pytest_cache/v/x", "x")],
  ["what pip leaves behind", () => write("training/src/training.egg-info/PKG-INFO", "x")],
  ["another app's file", () => write("predict/src/app.py", "print(4)\n")],
  ["another mode", () => chmodSync(join(root, "serving/src/app.py"), 0o700)],
  ["another time", () => utimesSync(join(root, "serving/src/app.py"), 1, 1)],
])("%s keeps the tag", (_, change) => {
  const before = hash();
  change();
  expect(hash()).toBe(before);
});

test("every app has a reference of the registry, the app and twelve hex digits", () => {
  for (const app of apps) {
    expect(imageReference(app)).toMatch(new RegExp(`^localhost/mlops/${app}:[0-9a-f]{12}-\\d{8}$`));
    expect(imageReference(app, "example.org/team/")).toBe(
      imageReference(app).replace("localhost/mlops", "example.org/team"),
    );
  }
});

test.each([
  ["model-diabetes-progression", "models/diabetes-progression/train.py", "serving"],
  ["runtime-catboost", "runtimes/catboost/requirements.txt", "serving"],
  [
    "runtime-catboost/model-diabetes-progression",
    "models/diabetes-progression/train.py",
    "runtime-catboost",
  ],
] as const)(
  "the tag of %s changes with its folder, and with the image that it is built on",
  (image, file, base) => {
    const { root, folders } = imageSource(image);
    expect(inputFiles(root, folders)).toContain(file);
    const before = imageReference(image);
    process.env["MLOPS_IMAGE_TAGS"] = JSON.stringify({ [base]: "another" });
    const after = imageReference(image);
    delete process.env["MLOPS_IMAGE_TAGS"];
    expect(after).not.toBe(before);
    expect(after.split(":")[0]).toBe(`localhost/mlops/${image.split("/").at(-1)}`);
  },
);

test("held tags do not change, also in programs that are started", () => {
  const before = imageReference("monitoring");
  holdImageTags();
  expect(imageReference("monitoring")).toBe(before);
  const held = process.env["MLOPS_IMAGE_TAGS"]!;
  process.env["MLOPS_IMAGE_TAGS"] = held.replace(before.split(":")[1]!, "0123456789ab");
  expect(imageReference("monitoring")).toBe("localhost/mlops/monitoring:0123456789ab");
  delete process.env["MLOPS_IMAGE_TAGS"];
  expect(imageReference("monitoring")).toBe(before);
});

test("every app's folders hold its Dockerfile", () => {
  for (const app of apps) {
    const files = inputFiles(join(checkoutRoot, "apps"), IMAGE_INPUTS[app]);
    expect(files).toContain(`${app}/Dockerfile`);
  }
});
