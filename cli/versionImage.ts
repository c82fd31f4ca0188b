import { stringify } from "yaml";
import { slugOf } from "../components/core/slug.ts";
import { imageOf, type Image } from "../local/images/index.ts";
import { UserError } from "../local/support/errors.ts";
import { CommandError } from "../local/support/process.ts";
import { imageOfModel, layerSource, referenceOf, tagOf } from "../program/images.ts";
import { type Mlflow, MlflowError } from "./mlflow.ts";
import { versionOf } from "./verification.ts";

/** A registered version, and what it says that it needs. */
export interface RegisteredVersion {
  readonly name: string;
  readonly version: string;
  readonly requirements: string;
}

export interface VersionImage {
  readonly image: Image;
  /** What makes the stack use it, and how. */
  readonly setting: string;
}

/** @throws UserError where there is no such version, or none with requirements. */
export async function registeredVersion(
  api: Mlflow,
  name: string,
  alias: string,
): Promise<RegisteredVersion> {
  try {
    const version = await versionOf(api, name, alias);
    const query = new URLSearchParams({ name, version });
    const { artifact_uri: uri } = await api.call<{ artifact_uri: string }>(
      `model-versions/get-download-uri?${query.toString()}`,
    );
    const path = uri.replace(/^mlflow-artifacts:\/+/, "");
    const requirements = await api.getArtifact(`${path}/requirements.txt`);
    return { name, version, requirements };
  } catch (error) {
    if (!(error instanceof MlflowError) || ![400, 404].includes(error.status)) throw error;
    throw new UserError(
      `--model ${name}@${alias} must be a registered model and an alias of it, and the version must have a requirements.txt: ${error.message}`,
    );
  }
}

/** What the version requires, on top of the image that the model has otherwise. */
export function imageOfVersion(
  { name, version, requirements }: RegisteredVersion,
  registry: string,
  runtime?: string,
): VersionImage {
  const imageName = `version-${slugOf(name)}`;
  const folder = `versions/${slugOf(name)}`;
  const source = layerSource(imageOfModel(name, runtime), folder, {
    [`${folder}/logged-requirements.txt`]: requirements,
  });
  const reference = referenceOf(imageName, tagOf(source), registry);
  return {
    image: imageOf(imageName, source, reference, registry),
    setting: [
      `The image has what version ${version} of ${name} requires. Set it in the stack's file${
        runtime === undefined ? "" : ` in place of the model's runtime`
      }, then run \`npm run up\`:`,
      "",
      stringify({ "mlops-platform:models": { [name]: { image: reference } } }).trimEnd(),
    ].join("\n"),
  };
}

/** A build that stopped because the requirements do not fit, as one sentence. */
export function buildFailure(error: unknown): unknown {
  const [, reason] =
    error instanceof CommandError ? (/refused: (.+)$/m.exec(error.output) ?? []) : [];
  return reason === undefined ? error : new UserError(`no image for this version: ${reason}`);
}
