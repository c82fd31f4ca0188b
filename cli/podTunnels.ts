import { PassThrough } from "node:stream";
import { type KubeConfig, PortForward } from "@kubernetes/client-node";
import type { Channel } from "./portForward.ts";
import { sleep } from "../local/support/process.ts";

/** A port of a pod. The pod is looked up again for each connection. */
export interface PodPort {
  readonly kubeconfig: KubeConfig;
  readonly namespace: string;
  readonly port: number;
  /** The name of the pod; undefined while there is none to connect to. */
  findPod(): Promise<string | undefined>;
}

const pauseMs = 500;

/**
 * Keeps connections open between two pods that do not reach each other, perhaps in different clusters. What they say
 * passes through this machine, and a connection that is lost is made again. Returns what ends them.
 */
export function keepTunnels(ends: readonly [PodPort, PodPort], count: number): () => void {
  const open = new Set<Channel>();
  const ending = new AbortController();
  const keep = async () => {
    while (!ending.signal.aborted) {
      // a pod that is starting or was replaced: there will be another one
      await joined(ends, open, ending.signal).catch(() => {});
      await sleep(pauseMs);
    }
  };
  for (let one = 0; one < count; one += 1) void keep();
  return () => {
    ending.abort();
    for (const channel of open) channel.close();
  };
}

/** One connection to either pod, until one of both ends. */
async function joined(
  [first, second]: readonly [PodPort, PodPort],
  open: Set<Channel>,
  ending: AbortSignal,
): Promise<void> {
  const pods = await Promise.all([first.findPod(), second.findPod()]);
  const [firstPod, secondPod] = pods;
  if (firstPod === undefined || secondPod === undefined) return;
  const there = new PassThrough();
  const back = new PassThrough();
  const made: Channel[] = [];
  // heard from the start: a pod that does not listen yet ends its connection while the other one is being made
  const connect = async (...end: Parameters<typeof connected>) => {
    const channel = await connected(...end);
    made.push(channel);
    open.add(channel);
    ending.throwIfAborted();
    return { ended: closed(channel) };
  };
  try {
    const one = await connect(first, firstPod, there, back);
    const other = await connect(second, secondPod, back, there);
    await Promise.race([one.ended, other.ended]);
  } finally {
    for (const channel of made) {
      open.delete(channel);
      channel.close();
    }
  }
}

async function connected(
  { kubeconfig, namespace, port }: PodPort,
  pod: string,
  received: PassThrough,
  sent: PassThrough,
): Promise<Channel> {
  const forward = new PortForward(kubeconfig);
  const channel: unknown = await forward.portForward(namespace, pod, [port], received, null, sent);
  return channel as Channel;
}

const closed = (channel: Channel): Promise<void> =>
  new Promise((resolve) => {
    channel.onclose = resolve;
    channel.onerror = resolve;
  });
