import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isMap, parseDocument } from "yaml";
import type { PersonRole } from "../components/index.ts";
import { UserError } from "../local/support/errors.ts";
import { envLines, notebookVariables } from "./envFile.ts";
import { administrator, mlflow, MlflowError } from "./mlflow.ts";
import { modelsOf } from "./servedModels.ts";
import { readSettings, type Settings, stackFile } from "./stackSettings.ts";

/** The people of a stack, and their roles. */
export const peopleOf = ({ config }: Settings) =>
  (config.people ?? {}) as Record<string, PersonRole>;

/**
 * Puts a person into the file of the stack.
 * @throws UserError where the platform would refuse the name, before the file is touched.
 */
export function addToSettings(settings: Settings, name: string, role: PersonRole): void {
  const { stack, project } = settings;
  const people = { ...peopleOf(settings), [name]: role };
  readSettings({ stack, config: [`people=${JSON.stringify(people)}`] });
  const path = stackFile(stack);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  writeFileSync(path, withPerson(text, project, name, role));
}

/** The text of a stack's file with a person in it; comments and everything else stay. */
export function withPerson(text: string, project: string, name: string, role: PersonRole): string {
  const document = parseDocument(text);
  const people = ["config", `${project}:people`];
  if (!isMap(document.getIn(people))) document.setIn(people, document.createNode({}));
  document.setIn([...people, name], role);
  return document.toString({ lineWidth: 0 });
}

/**
 * The password with which a person logs in: the first one, or a new one that only this command knows.
 * @throws UserError where the person has no account yet, or a password that only they know.
 */
export async function passwordOf(
  name: string,
  url: string,
  outputs: Readonly<Record<string, unknown>>,
  reset = false,
): Promise<string> {
  const first = (outputs["peoplePasswords"] as Record<string, string> | null)?.[name];
  if (first === undefined) {
    throw new UserError(`${name} has no account yet; run \`npm run up\` first`);
  }
  if (reset) {
    const password = randomBytes(24).toString("base64url");
    const admin = administrator(url, outputs);
    await admin.call("users/update-password", { username: name, password }, "PATCH");
    return password;
  }
  try {
    await mlflow(url, name, first).call("users/current");
    return first;
  } catch (error) {
    if (!(error instanceof MlflowError) || error.status !== 401) throw error;
    throw new UserError(
      `${name} has chosen a password that only ${name} knows; add --reset-password to set a new one`,
    );
  }
}

/** What a colleague puts into a notebook's .env. Prometheus and Dask are for those who reach the cluster. */
export function colleagueEnv(
  outputs: Readonly<Record<string, unknown>>,
  name: string,
  password: string,
): string {
  const login = { MLFLOW_TRACKING_USERNAME: name, MLFLOW_TRACKING_PASSWORD: password };
  const models = modelsOf(outputs);
  const servers = Object.fromEntries(models.map((model) => [model.name, model.servingUrl]));
  const {
    PROMETHEUS_URL: _,
    DASK_SCHEDULER_ADDRESS: _address,
    DASK_CLUSTER_SECRET: _secret,
    ...variables
  } = notebookVariables(outputs, login, servers);
  return [`# ${name} at the platform. Holds a password.`, ...envLines(variables), ""].join("\n");
}
