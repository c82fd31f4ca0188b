import { coverInternet } from "../addresses.ts";
import type { ResourceRule } from "../rule.ts";
import { at, isValues, objectsAt, unknown, type Values } from "../values.ts";

export const openNetwork: ResourceRule = {
  name: "open-network",
  description: "Every NetworkPolicy names its peers or its ports.",
  level: "mandatory",
  check({ type, values }) {
    if (!/^kubernetes:networking\.k8s\.io\/v1:NetworkPolicy$/.test(type)) return [];
    return [
      ["ingress", "from"],
      ["egress", "to"],
    ].flatMap(([direction = "", peers = ""]) =>
      objectsAt(values, "spec", direction)
        .filter((rule) => isAnybody(at(rule, peers)) && isAnyPort(at(rule, "ports")))
        .map(
          () =>
            `spec.${direction} allows everything; name the ${peers} and the ports that are needed`,
        ),
    );
  },
};

/** Without peers a rule means every peer. */
function isAnybody(peers: unknown): boolean {
  if (peers === unknown) return false;
  if (!Array.isArray(peers) || peers.length === 0) return true;
  const blocks = peers.map((peer) => at(peer, "ipBlock", "cidr"));
  return (
    peers.some((peer) => isValues(peer) && isOpenPeer(peer)) ||
    coverInternet(blocks.filter((cidr) => typeof cidr === "string"))
  );
}

/** `{}`, and every namespace of the cluster with all that runs in it. */
function isOpenPeer(peer: Values): boolean {
  const selectors = ["namespaceSelector", "podSelector"].map((key) => at(peer, key));
  if (Object.values(peer).every(isAbsent)) return true;
  const [namespaces, pods] = selectors;
  return isEverything(namespaces) && (isAbsent(pods) || isEverything(pods));
}

function isAnyPort(ports: unknown): boolean {
  if (ports === unknown) return false;
  if (!Array.isArray(ports) || ports.length === 0) return true;
  return ports.some((entry) => {
    const [port, end] = [at(entry, "port"), at(entry, "endPort")];
    return isAbsent(port) || (Number(port) <= 1 && Number(end) >= 65535);
  });
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** A selector without conditions, which selects everything. */
const isEverything = (selector: unknown): boolean =>
  isValues(selector) &&
  Object.values(selector).every(
    (part) =>
      isAbsent(part) || (typeof part === "object" && Object.keys(part as object).length === 0),
  );
