import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { UserError, messageOf } from "../support/errors.ts";
import { textAt } from "./values.ts";
import type { JsonObject } from "./values.ts";

export interface Connection {
  /** Path or content of a kubeconfig; the usual places when absent. */
  kubeconfig?: string;
  context?: string;
  /** Namespace of objects that name none. */
  namespace?: string;
}

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject) {
    super(textAt(body, "message") ?? `the API server answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

interface RequestOptions {
  body?: JsonObject;
  /** Content type of the body. */
  type?: string;
  /** Milliseconds of silence after which the request fails. */
  timeout?: number;
}

/** One request to the cluster of a kubeconfig; the text of the answer, or an ApiError. */
export async function send(
  config: KubeConfig,
  method: string,
  path: string,
  { body, type = "application/json", timeout = 30_000 }: RequestOptions = {},
): Promise<string> {
  const server = config.getCurrentCluster()?.server ?? "";
  const url = new URL(server.replace(/\/$/, "") + path);
  const options: https.RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  if (options.agent instanceof http.Agent) Object.assign(options.agent, { keepAlive: true });
  const payload = body && JSON.stringify(body);
  const headers = {
    ...options.headers,
    accept: "application/json",
    ...(payload && { "content-type": type, "content-length": Buffer.byteLength(payload) }),
  };
  const start = url.protocol === "http:" ? http.request : https.request;
  return new Promise((resolve, reject) => {
    const request = start(url, { ...options, method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk)).on("error", reject);
      answer.on("end", () => {
        const status = answer.statusCode ?? 0;
        if (status < 300) resolve(text);
        else reject(new ApiError(status, bodyOf(text)));
      });
    });
    request.setTimeout(timeout, () => request.destroy(new Error("no answer in time")));
    request.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.message ? error : new Error(error.code ?? "the connection failed")),
    );
    request.end(payload);
  });
}

function bodyOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return { message: text.trim() };
  }
}

/** The kubeconfig of a connection, with its context chosen. */
export async function kubeconfigOf({ kubeconfig, context }: Connection): Promise<KubeConfig> {
  const config = kubeconfig?.includes("\n")
    ? await parsed(kubeconfig)
    : (await import("../support/loadKubeconfig.ts")).loadKubeconfig(kubeconfig);
  if (context && !config.getContextObject(context)) {
    const known = config.getContexts().map(({ name }) => name);
    throw new UserError(
      `the kubeconfig has no context ${context}; choose one of ${known.join(", ") || "(none)"}`,
    );
  }
  if (context) config.setCurrentContext(context);
  return config;
}

async function parsed(content: string): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    config.loadFromString(content);
  } catch (error) {
    throw new UserError(`the provider's kubeconfig cannot be read: ${messageOf(error)}`);
  }
  return config;
}
