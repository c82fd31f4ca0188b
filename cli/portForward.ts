import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  CoreV1Api,
  type KubeConfig,
  PortForward,
  type V1Pod,
  type V1Service,
} from "@kubernetes/client-node";
import { UserError, messageOf } from "../local/support/errors.ts";

/** A Service of the cluster, listening on this machine. */
export interface Forwarding {
  readonly port: number;
  close(): Promise<void>;
}

export interface ForwardOptions {
  kubeconfig: KubeConfig;
  namespace: string;
  service: string;
  /** The pod to connect to, and its port. Left out, one that is ready, and the port of the Service. */
  pod?: { name: string; port: number };
  /** Port to listen on; when it is taken, the next free one of the following. */
  port: number;
  /** Told once when connections begin to fail, and again after they had worked meanwhile. */
  onFailure?: (reason: string) => void;
}

/** The WebSocket that carries a connection, as far as it is used here; the package has no types for it. */
export interface Channel {
  onclose: () => void;
  onerror: () => void;
  close(): void;
}

// one for each model of a stack
const portsTried = 1000;

/**
 * Listens on the loopback address and forwards every connection to a ready pod of the Service. The pod is
 * chosen for each connection, so forwarding outlives pods that are replaced.
 */
export async function forwardService(options: ForwardOptions): Promise<Forwarding> {
  const { kubeconfig, service, onFailure = () => {} } = options;
  const sockets = new Set<Socket>();
  const forward = new PortForward(kubeconfig);
  const core = kubeconfig.makeApiClient(CoreV1Api);
  let isFailing = false;
  const carry = async (socket: Socket) => {
    const { name, port } = options.pod ?? (await findPod(core, options));
    const { namespace } = options;
    const opened: unknown = await forward.portForward(
      namespace,
      name,
      [port],
      socket,
      null,
      socket,
    );
    const channel = opened as Channel;
    channel.onclose = () => socket.end();
    channel.onerror = () => socket.destroy();
    socket.on("close", () => channel.close());
    // paused until there is someone to take what the client has sent already
    socket.resume();
    isFailing = false;
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.pause().setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    carry(socket).catch((error: unknown) => {
      if (!isFailing) onFailure(`${service}: ${messageOf(error)}`);
      isFailing = true;
      socket.destroy();
    });
  });
  const port = await listenFrom(server, options.port, service);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A pod that can take the connection, and the port the Service means. */
async function findPod(
  core: CoreV1Api,
  { namespace, service }: ForwardOptions,
): Promise<{ name: string; port: number }> {
  const found = await core.readNamespacedService({ name: service, namespace });
  const labelSelector = Object.entries(found.spec?.selector ?? {})
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  const ready = items.find((pod) => isReady(pod));
  if (!ready) throw new Error("no pod is ready");
  return { name: ready.metadata!.name!, port: podPort(found, ready) };
}

function isReady({ metadata, status }: V1Pod): boolean {
  const isReadyNow = status?.conditions?.some(
    ({ type, status }) => type === "Ready" && status === "True",
  );
  return isReadyNow === true && metadata?.deletionTimestamp === undefined;
}

/** A Service may name the pod's port instead of numbering it. */
function podPort({ spec, metadata }: V1Service, pod: V1Pod): number {
  const first = spec?.ports?.[0];
  const target = first?.targetPort ?? first?.port;
  if (typeof target === "number") return target;
  const ports = pod.spec?.containers.flatMap((container) => container.ports ?? []) ?? [];
  const named = ports.find(({ name }) => name === target)?.containerPort;
  if (named === undefined) throw new Error(`the Service ${metadata?.name} has no port`);
  return named;
}

/** Listens on the first free port from `first` on. */
export async function listenFrom(server: Server, first: number, what: string): Promise<number> {
  for (let port = first; port < first + portsTried; port += 1) {
    if (await listens(server, port)) return port;
  }
  throw new UserError(
    `no port from ${first} to ${first + portsTried - 1} is free for ${what}; stop what uses them and try again`,
  );
}

async function listens(server: Server, port: number): Promise<boolean> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch (error) {
    if (["EADDRINUSE", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return false;
    throw error;
  }
}
