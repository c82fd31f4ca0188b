import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../support/errors.ts";
import { ApiError, send } from "./kubernetesHttp.ts";

const answerWithinMs = 5_000;
/** A credential plugin may ask its cloud first. */
const loginWithinMs = 20_000;

/** Why the API server of the current context cannot be used, with the fix; undefined where it answers. */
export async function clusterProblem(config: KubeConfig): Promise<string | undefined> {
  const name = config.getCurrentContext();
  if (!name) return "the kubeconfig names no current context; set one";
  const context = config.getContextObject(name);
  if (!context) return "the kubeconfig does not have it; add it";
  const server = config.getCluster(context.cluster)?.server;
  if (!server) return `the kubeconfig has no address for its cluster ${context.cluster}; add it`;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error("the login takes longer than 20 s");
    timer = setTimeout(() => reject(error), loginWithinMs);
  });
  try {
    const asked = send(config, "GET", "/version", { timeout: answerWithinMs });
    await Promise.race([asked, late]);
    return undefined;
  } catch (error) {
    return explained(error, server, pluginOf(config));
  } finally {
    clearTimeout(timer);
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

const isTimeout = (error: unknown) => messageOf(error) === "no answer in time";

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";

/** The program that the kubeconfig runs for a login. */
function pluginOf(config: KubeConfig): string | undefined {
  const { exec } = (config.getCurrentUser() ?? {}) as { exec?: { command?: string } };
  return exec?.command;
}
