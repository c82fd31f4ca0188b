import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFailure, imageOfVersion, registeredVersion } from "../../cli/versionImage.ts";
import { mlflow } from "../../cli/mlflow.ts";
import { stageContext } from "../../local/images/buildContext.ts";
import { CommandError } from "../../local/support/process.ts";
import { imageReference } from "../../program/images.ts";

const churn = { name: "Churn Rate", version: "7", requirements: "lightgbm==4.5.0\n" };

let server: Server;
beforeEach(async () => {
  const answers: Record<string, object | string> = {
    "/api/2.0/mlflow/registered-models/alias?name=Churn+Rate&alias=champion": {
      model_version: { version: "7" },
    },
    "/api/2.0/mlflow/model-versions/get-download-uri?name=Churn+Rate&version=7": {
      artifact_uri: "mlflow-artifacts:/1/models/m-1/artifacts",
    },
    "/api/2.0/mlflow-artifacts/artifacts/1/models/m-1/artifacts/requirements.txt":
      churn.requirements,
  };
  server = createServer((request, response) => {
    const answer = answers[request.url!];
    response.statusCode = answer === undefined ? 404 : 200;
    const missing = { message: "Registered Model with name=nope not found" };
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? missing));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const api = () => mlflow(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "u", "p");

test("the requirements of the version with the alias are read from MLflow", async () => {
  expect(await registeredVersion(api(), "Churn Rate", "champion")).toEqual(churn);
});

test("an unregistered model or alias gives one sentence with MLflow's reason", async () => {
  await expect(registeredVersion(api(), "nope", "champion")).rejects.toThrow(
    /^--model nope@champion must be a registered model and an alias of it, .* not found$/,
  );
});

test("the image adds the version's requirements to the model's, under a tag of both", async () => {
  const { image } = imageOfVersion(churn, "example.org/team");
  expect(image.reference).toMatch(
    /^example\.org\/team\/version-churn-rate-[0-9a-f]{6}:[0-9a-f]{12}-\d{8}$/,
  );
  expect(image.base!.reference).toBe(imageReference("serving", "example.org/team"));
  const other = imageOfVersion({ ...churn, requirements: "lightgbm==4.6.0\n" }, "example.org/team");
  expect(other.image.reference).not.toBe(image.reference);
  expect(imageOfVersion(churn, "example.org/team", "catboost").image.base!.name).toBe(
    "runtime-catboost",
  );

  const folder = mkdtempSync(join(tmpdir(), "context-"));
  await stageContext(image.source, folder);
  const staged = join(folder, image.source.layer!.folder, "logged-requirements.txt");
  expect(readFileSync(staged, "utf8")).toBe(churn.requirements);
  rmSync(folder, { recursive: true });
});

test.each(["模型", "_", "-v2-", "CHURN", "churn"])("%s has its own image", (name) => {
  const { image } = imageOfVersion({ ...churn, name }, "example.org/team");
  // as the reference of an image is defined: https://github.com/distribution/reference
  expect(image.reference).toMatch(/^example\.org\/team\/version(-[a-z0-9]+)+:/);
  if (name !== "churn") expect(image.name).not.toBe("version-churn");
});

test("the setting that is printed can be pasted into the stack's file", () => {
  const { image, setting } = imageOfVersion(churn, "localhost/mlops");
  expect(setting).toContain(`mlops-platform:models:\n  Churn Rate:\n    image: ${image.reference}`);
});

test("requirements that conflict with the server give one sentence from the build", () => {
  const output = "STEP 7/9: RUN …\n#9 3.4 refused: it requires pandas==2, and so on\nError: exit 1";
  expect(buildFailure(new CommandError("buildah", 1, output))).toMatchObject({
    message: "no image for this version: it requires pandas==2, and so on",
  });
  const other = new Error("disk");
  expect(buildFailure(other)).toBe(other);
});
