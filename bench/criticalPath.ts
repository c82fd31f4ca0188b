/* How long an `up` takes by what waits for what, when each resource takes as long as it has taken elsewhere. */
import type { Registered } from "./pulumiMonitor.ts";

export interface Duration {
  /** Pattern of type and name, `kubernetes:apps/v1:Deployment mlops-tracking-server`. The first that matches counts. */
  of: string;
  seconds: number;
  source: string;
  /** Pattern of what it waits for while it starts, which the graph does not show. */
  waitsFor?: string;
}

export interface Step extends Pick<Duration, "seconds" | "source"> {
  name: string;
  /** When it is ready, after the start of the update. */
  end: number;
}

type Node = Pick<Registered, "urn" | "type" | "name" | "after">;

/** What ends last, and before it each time what it has waited for longest. */
export function criticalPath(nodes: readonly Node[], durations: readonly Duration[]): Step[] {
  const known = new Map<string, Step[]>();
  const pathTo = (node: Node): Step[] => {
    const found = known.get(node.urn);
    if (found !== undefined) return found;
    const duration = durations.find(({ of }) => new RegExp(of).test(`${node.type} ${node.name}`));
    if (!duration) throw new Error(`no duration is known of ${node.type} ${node.name}; add one`);
    const { seconds, source, waitsFor } = duration;
    const before = nodes.filter(
      ({ urn, name }) => node.after.includes(urn) || (waitsFor && new RegExp(waitsFor).test(name)),
    );
    const longest = last(before.map(pathTo));
    const path = [...longest, { name: node.name, seconds, source, end: endOf(longest) + seconds }];
    known.set(node.urn, path);
    return path;
  };
  return last(nodes.map(pathTo));
}

export const endOf = (path: readonly Step[]): number => path.at(-1)?.end ?? 0;

const last = (paths: readonly Step[][]): Step[] =>
  paths.reduce((longest, path) => (endOf(path) > endOf(longest) ? path : longest), []);

/** A part that is started by hand, when the one before is ready. */
export interface PartByHand {
  what: string;
  /** Seconds of what runs one after the other in it; the probe is of the last. */
  starts: number[];
  /** Seconds after which the chart's readiness probe first looks, and between two looks. */
  probe?: [first: number, every: number];
  source: string;
}

/** Until the probe says that a part is ready. */
export function readyAfter({ starts, probe }: PartByHand): number {
  const sum = starts.reduce((total, seconds) => total + seconds, 0);
  if (probe === undefined) return sum;
  const [start, [first, every]] = [starts.at(-1)!, probe];
  return sum - start + first + Math.max(Math.ceil((start - first) / every), 0) * every;
}
