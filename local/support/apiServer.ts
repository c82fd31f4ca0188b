import http from "node:http";
import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "./errors.ts";

/** Where an API server is, and what a connection to it needs: certificates, or a login. */
export interface ApiServer {
  readonly url: string;
  options(): https.RequestOptions | Promise<https.RequestOptions>;
}

/** An error response of the API server. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(messageIn(text) || `the API server answered ${status}`);
    this.status = status;
  }
}

export interface ApiRequest {
  body?: object;
  /** Content type of the body. */
  type?: string;
  /** Milliseconds of silence after which the request fails. */
  timeout?: number;
  onHeaders?: (headers: http.IncomingHttpHeaders) => void;
}

/** The API server of a kubeconfig's current context. */
export function apiServerOf(config: KubeConfig): ApiServer {
  return {
    url: (config.getCurrentCluster()?.server ?? "").replace(/\/$/, ""),
    async options() {
      const options: https.RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      if (options.agent instanceof http.Agent) Object.assign(options.agent, { keepAlive: true });
      return options;
    },
  };
}

/**
 * One request; the text of the answer, or an ApiError. Bodies are sent as they are: the client library would drop
 * every field that is newer than itself, and takes half a second to load (docs/decisions/0026).
 */
export async function send(
  server: ApiServer,
  method: string,
  path: string,
  { body, type = "application/json", timeout = 30_000, onHeaders }: ApiRequest = {},
): Promise<string> {
  const url = new URL(server.url + path);
  const options = await server.options();
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
      onHeaders?.(answer.headers);
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk)).on("error", reject);
      answer.on("end", () => {
        const status = answer.statusCode ?? 0;
        if (status < 300) resolve(text);
        else reject(new ApiError(status, text));
      });
    });
    request.setTimeout(timeout, () => request.destroy(new Error(noAnswer)));
    request.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.message ? error : new Error(error.code ?? "the connection failed")),
    );
    request.end(payload);
  });
}

const noAnswer = "no answer in time";

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? "";
  } catch {
    return text.trim();
  }
}

const answerWithinMs = 5_000;
/** A credential plugin may call its cloud first. */
const loginWithinMs = 20_000;

/** Why the API server of the current context cannot be used, with the fix; undefined where it answers. */
export async function clusterProblem(config: KubeConfig): Promise<string | undefined> {
  const name = config.getCurrentContext();
  if (!name) return "the kubeconfig names no current context; set one";
  const context = config.getContextObject(name);
  if (!context) return "the kubeconfig has no such context; add it";
  const server = config.getCluster(context.cluster)?.server;
  if (!server) return `the kubeconfig has no address for its cluster ${context.cluster}; add it`;
  const late = delay(loginWithinMs, undefined, { ref: false }).then(() => {
    throw new Error("the login takes longer than 20 s");
  });
  try {
    const asked = send(apiServerOf(config), "GET", "/version", { timeout: answerWithinMs });
    await Promise.race([asked, late]);
    return undefined;
  } catch (error) {
    return explained(error, server, pluginOf(config));
  }
}

function explained(error: unknown, server: string, plugin: string | undefined): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (plugin && syscall?.startsWith("spawn")) {
    return code === "ENOENT"
      ? `the credential plugin ${plugin} is missing; install it, or put it on PATH`
      : `the credential plugin ${plugin} cannot be run (${code}); make it executable`;
  }
  if (error instanceof ApiError && error.status === 401) {
    return `the login has expired or is wrong (${server} answers 401); log in again`;
  }
  if (error instanceof ApiError && error.status === 403) {
    return `its user is not allowed to use ${server} (403: ${error.message}); ask for access`;
  }
  if (error instanceof ApiError) {
    return `${server} answers ${error.status} (${error.message}); check that it is a Kubernetes API server`;
  }
  if (code === "ECONNREFUSED") return `nothing listens at ${server}; start that cluster`;
  if (code === "CERT_HAS_EXPIRED") {
    return `the certificate of ${server} has expired; renew it (\`npm run up -- --local-cluster\` does), or set this machine's clock`;
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `the host of ${server} cannot be found; check the address, DNS and VPN`;
  }
  if (plugin && code === undefined && !isTimeout(error)) {
    return `the credential plugin ${plugin} failed (${lastLine(messageOf(error))}); log in again`;
  }
  if (isTimeout(error) || code === "ETIMEDOUT" || code === "EHOSTUNREACH") {
    return `${server} does not answer (${messageOf(error)}); start that cluster, or check the network and VPN`;
  }
  return `${server} cannot be used (${messageOf(error)}); check its entry in the kubeconfig`;
}

const isTimeout = (error: unknown) => messageOf(error) === noAnswer;

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";

/** The program that the kubeconfig runs for a login. */
function pluginOf(config: KubeConfig): string | undefined {
  const { exec } = (config.getCurrentUser() ?? {}) as { exec?: { command?: string } };
  return exec?.command;
}
