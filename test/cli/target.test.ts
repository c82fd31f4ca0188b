import {
  checkNodeAddress,
  decideTarget,
  describeTarget,
  type Surroundings,
} from "../../cli/target.ts";

const folder = "/cache/cluster";
const nothing: Surroundings = {
  contexts: { servers: {} },
  wantsLocalCluster: false,
  hasMinikube: false,
  canRunLocalCluster: false,
  localClusterFolder: folder,
  problemOf: async () => undefined,
};
const servers = {
  minikube: "https://192.168.49.2:8443",
  work: "https://work.example.org",
  "kind-a": "https://127.0.0.1:40001",
};
const local = { kind: "local-cluster", folder } as const;
const context = (name: keyof typeof servers) =>
  ({ kind: "context", context: name, server: servers[name] }) as const;
const away = async () => "nothing listens there; start that cluster";

describe("where `up` deploys to", () => {
  test.each<[string, Partial<Surroundings>, unknown]>([
    ["the current context", { contexts: { current: "work", servers } }, context("work")],
    [
      "the requested context, before the current one",
      { contexts: { current: "work", servers }, wantedContext: "kind-a" },
      context("kind-a"),
    ],
    [
      "Minikube, where there is no context",
      { hasMinikube: true, canRunLocalCluster: true },
      { kind: "minikube" },
    ],
    [
      "Minikube, where its own context is current but stopped",
      { contexts: { current: "minikube", servers }, hasMinikube: true, problemOf: away },
      { kind: "minikube" },
    ],
    ["the local cluster, where there is nothing else", { canRunLocalCluster: true }, local],
    [
      "the local cluster, where it is requested",
      {
        contexts: { current: "work", servers },
        hasMinikube: true,
        canRunLocalCluster: true,
        wantsLocalCluster: true,
      },
      local,
    ],
    [
      "where the stack is already, before the current context",
      { contexts: { current: "work", servers }, canRunLocalCluster: true, remembered: local },
      local,
    ],
    [
      "the stack's Minikube, started in the meantime",
      {
        contexts: { current: "minikube", servers },
        wantedContext: "minikube",
        remembered: { kind: "minikube" },
      },
      context("minikube"),
    ],
  ])("%s", async (_, around, target) => {
    expect(await decideTarget({ ...nothing, ...around })).toEqual(target);
  });

  test.each<[string, Partial<Surroundings>, RegExp]>([
    ["no cluster is available", {}, /there is no Kubernetes here: .*install Minikube/],
    ["the local cluster cannot run", { wantsLocalCluster: true }, /needs Linux and root; .*sudo/],
    [
      "the current context does not answer",
      { contexts: { current: "work", servers }, problemOf: away, canRunLocalCluster: true },
      /the context work: nothing listens there; start that cluster, .*--local-cluster/,
    ],
    [
      "the requested context does not exist",
      { contexts: { current: "work", servers }, wantedContext: "wrok" },
      /the context wrok is not in the kubeconfig; it has minikube, work, kind-a/,
    ],
    [
      "two targets are requested",
      { wantsLocalCluster: true, wantedContext: "work", contexts: { servers } },
      /--local-cluster and the context work exclude each other/,
    ],
    [
      "the stack is deployed elsewhere",
      { contexts: { servers }, wantedContext: "work", remembered: local },
      /this stack is deployed to the local cluster .*; remove it with `npm run down` first/,
    ],
    [
      "the local cluster of another cache is meant",
      { canRunLocalCluster: true, remembered: { kind: "local-cluster", folder: "/other/cluster" } },
      /deployed to the local cluster on this machine \(\/other\/cluster\)/,
    ],
  ])("refuses with a fix when %s", async (_, around, message) => {
    await expect(decideTarget({ ...nothing, ...around })).rejects.toThrow(message);
  });

  test("contacts no other cluster than the one it may choose", async () => {
    const asked: string[] = [];
    const problemOf = async (name: string) => {
      asked.push(name);
      return undefined;
    };
    await decideTarget({ ...nothing, contexts: { current: "work", servers }, problemOf });
    expect(asked).toEqual(["work"]);
  });
});

test("a target's description shows where it is", () => {
  expect(describeTarget(context("work"))).toBe("the context work at https://work.example.org");
  expect(describeTarget(local)).toBe("the local cluster on this machine (/cache/cluster)");
});

test("an address that the local cluster does not have is refused, its own is not", () => {
  expect(() => checkNodeAddress({ config: { nodeAddress: "10.1.2.3" } })).toThrow(
    /^nodeAddress is 10\.1\.2\.3, but the local cluster opens its ports on 127\.0\.0\.1 only; leave/,
  );
  for (const nodeAddress of [undefined, "127.0.0.1"]) {
    expect(() => checkNodeAddress({ config: { nodeAddress } })).not.toThrow();
  }
});
