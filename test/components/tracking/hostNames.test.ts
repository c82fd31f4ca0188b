import fc from "fast-check";
import { faultsOf, hostName } from "../../../components/core/checks.ts";
import { allowedHosts, allowedOrigins } from "../../../components/tracking/trackingPods.ts";

test("every name of the Service and of the outside is allowed with and without a port", () => {
  expect(allowedHosts("mlflow", "ml", ["node.example.org"]).split(",")).toEqual([
    ...["mlflow", "mlflow:*", "mlflow.ml", "mlflow.ml:*", "mlflow.ml.svc", "mlflow.ml.svc:*"],
    ...["mlflow.ml.svc.cluster.local", "mlflow.ml.svc.cluster.local:*"],
    ...["localhost", "localhost:*", "127.0.0.1", "127.0.0.1:*"],
    ...["node.example.org", "node.example.org:*"],
  ]);
});

test("the address of a node by IPv6 is allowed with and without a port", () => {
  expect(allowedHosts("mlflow", "ml", ["[2001:db8::1]"]).split(",").slice(-2)).toEqual([
    "[2001:db8::1]",
    "[[]2001:db8::1]:*",
  ]);
});

test("an address that is both a name of the node and localhost is listed once", () => {
  const hosts = allowedHosts("mlflow", "ml", ["localhost"]).split(",");
  expect(hosts.filter((host) => host === "localhost")).toHaveLength(1);
});

test("pages of every name may send requests, by both schemes", () => {
  expect(allowedOrigins("mlflow", "ml", ["node"]).split(",").slice(-4)).toEqual([
    "http://node",
    "http://node:*",
    "https://node",
    "https://node:*",
  ]);
});

// SECURITY.md: MLflow's host and origin checks are on, with the names it is really reachable by and
// no range of addresses; server-side jobs are off.
test("no host is allowed except the accepted names", () => {
  const anyHost = fc.oneof(fc.domain(), fc.ipV4(), fc.string({ unit: "grapheme-ascii" }));
  fc.assert(
    fc.property(fc.array(anyHost), (names) => {
      const accepted = names.filter((name) => faultsOf(name, hostName).length === 0);
      for (const host of allowedHosts("mlflow", "ml", accepted).split(",")) {
        expect(host).toMatch(/^((\[|\[\[\])[0-9A-Fa-f:.]+\]|[A-Za-z0-9][-A-Za-z0-9.]*)(:\*)?$/);
      }
    }),
  );
});

test.each(["*", "*.example.org", "a,b", "http://a", "a:80", "a/b", "", "-a", " a", "[::1"])(
  "%p is not a host name",
  (name) => expect(faultsOf(name, hostName)).toHaveLength(1),
);

test.each(["localhost", "192.168.49.2", "node-1.example.org", "[2001:db8::1]", "a"])(
  "%s is a host name",
  (name) => expect(faultsOf(name, hostName)).toEqual([]),
);
