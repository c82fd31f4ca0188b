import { createWriteStream, openAsBlob } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** MLflow's REST API, as far as the checks of a running platform need it. */
export interface Mlflow {
  readonly url: string;
  /** Calls an API method such as `runs/create`; GET where there is no body. Throws MlflowError. */
  call<T = Record<string, unknown>>(method: string, body?: unknown, verb?: string): Promise<T>;
  /** Writes an artifact through the server. */
  putArtifact(path: string, content: string): Promise<void>;
  getArtifact(path: string): Promise<string>;
  /** Every file below a folder, by its path in the folder. */
  listArtifacts(folder: string): Promise<string[]>;
  download(path: string, file: string): Promise<void>;
  upload(path: string, file: string): Promise<void>;
}

/** An answer of MLflow's that is not 200. */
export class MlflowError extends Error {
  override name = "MlflowError";
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`${what} answers ${status}${body ? `: ${body.slice(0, 300)}` : ""}`);
    this.status = status;
  }
}

const timeoutMs = 30_000;
/** One file, which may be large. */
const transferMs = 1_800_000;

export function mlflow(url: string, username: string, password: string): Mlflow {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const request = async (
    path: string,
    init: RequestInit = {},
    within = timeoutMs,
  ): Promise<Response> => {
    const response = await fetch(`${url}/api/2.0/${path}`, {
      ...init,
      headers: { authorization, ...init.headers },
      signal: AbortSignal.timeout(within),
    });
    if (!response.ok)
      throw new MlflowError(path, response.status, messageIn(await response.text()));
    return response;
  };
  const artifact = (path: string) =>
    `mlflow-artifacts/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`;
  const listArtifacts = async (folder: string): Promise<string[]> => {
    const query = new URLSearchParams({ path: folder });
    const answer = await request(`mlflow-artifacts/artifacts?${query.toString()}`);
    const { files = [] } = (await answer.json()) as { files?: { path: string; is_dir: boolean }[] };
    const below = files.map(async ({ path, is_dir }) =>
      is_dir ? (await listArtifacts(`${folder}/${path}`)).map((one) => `${path}/${one}`) : [path],
    );
    return (await Promise.all(below)).flat();
  };
  return {
    url,
    call: async <T>(method: string, body?: unknown, verb = body === undefined ? "GET" : "POST") => {
      const json = { "content-type": "application/json" };
      const init = body === undefined ? {} : { headers: json, body: JSON.stringify(body) };
      return (await (await request(`mlflow/${method}`, { method: verb, ...init })).json()) as T;
    },
    putArtifact: async (path, content) => {
      await request(artifact(path), { method: "PUT", body: content });
    },
    getArtifact: async (path) => (await request(artifact(path))).text(),
    listArtifacts,
    download: async (path, file) => {
      const { body } = await request(artifact(path), {}, transferMs);
      await pipeline(body ? Readable.fromWeb(body as never) : [], createWriteStream(file));
    },
    upload: async (path, file) => {
      await request(artifact(path), { method: "PUT", body: await openAsBlob(file) }, transferMs);
    },
  };
}

/** The API for the stack's administrator, from whom MLflow hides nothing. */
export const administrator = (
  url: string,
  { mlflowAdminPassword }: Readonly<Record<string, unknown>>,
): Mlflow => mlflow(url, "admin", String(mlflowAdminPassword));

function messageIn(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}
