import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { knows, olderThan } from "../../cli/pageList.ts";

const at = (minute: string) => `2026-01-01T00:${minute}:00Z`;
const named = (name: string, minute: string, more: object = {}) => ({
  name,
  resourceVersion: "7",
  creationTimestamp: at(minute),
  ...more,
});

test("only running pods that are no younger than the list's last change may know an earlier one", () => {
  const managedFields = [{ time: at("30") }, { time: at("20") }];
  const list = named("services", "10", { managedFields });
  const readMark = (version: string) => ({
    annotations: { "mlops-platform/services-list": version },
  });
  const older = olderThan(list, [
    named("of-the-start", "11"),
    named("of-the-same-second", "30"),
    named("has-read-an-earlier-one", "11", readMark("6")),
    named("has-read-it", "11", readMark("7")),
    named("ends", "11", { deletionTimestamp: at("31") }),
    named("is-younger", "31"),
  ]);
  expect(older.map(({ name }) => name)).toEqual([
    "of-the-start",
    "of-the-same-second",
    "has-read-an-earlier-one",
  ]);
});

test("a page knows a model as soon as it counts its visitors, under any name", async () => {
  const models = ["churn"];
  const server = createServer((_request, response) => {
    const lines = models.map(
      (model) => `prediction_app_sessions{model=${JSON.stringify(model)}} 0`,
    );
    response.end(["# TYPE prediction_app_sessions gauge", ...lines, ""].join("\n"));
    models.push('the "new" one');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await knows(port, ["churn", 'the "new" one'], 30)).toBe(true);
  expect(await knows(port, ["another"], 0.1)).toBe(false);
  server.closeAllConnections();
  server.close();
  expect(await knows(port, ["churn"], 0.1)).toBe(false);
});
