import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { StackModel } from "../../cli/servedModels.ts";
import { administrator } from "../../cli/mlflow.ts";
import { platformChecks, Skipped } from "../../cli/verification.ts";
import { model, standIn } from "./modelServer.ts";

/** MLflow, as far as it tells which version has an alias. */
let tracking: Server;
let url: string;
const answers: Record<string, [status: number, body: object]> = {
  "diabetes-progression": [200, { model_version: { version: "3" } }],
  unregistered: [404, { error_code: "RESOURCE_DOES_NOT_EXIST" }],
  unpromoted: [400, { error_code: "INVALID_PARAMETER_VALUE" }],
  unreachable: [503, {}],
};
/** MLflow's answer to all others about a model that they may not see, or that is missing. */
const hidden = ["unregistered", "private"];
answers["private"] = answers["diabetes-progression"]!;
beforeAll(async () => {
  tracking = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://mlflow");
    expect(pathname).toBe("/api/2.0/mlflow/registered-models/alias");
    const name = searchParams.get("name")!;
    const isAdministrator = request.headers.authorization === basic("admin", "theirs");
    const [status, body] = !isAdministrator && hidden.includes(name) ? [403, {}] : answers[name]!;
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => tracking.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(tracking.address() as AddressInfo).port}`;
});
afterAll(() => tracking.close());

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** What `verify` finds about a model. */
function checked(name: string, servingUrl: string): Promise<string> {
  const models: StackModel[] = [{ name, alias: "champion", servingUrl }];
  const users = { username: "notebook", password: "password" };
  const { checks } = platformChecks({
    ...{ tracking: url, prediction: url, models, ...users },
    administrator: administrator(url, { mlflowAdminPassword: "theirs" }),
  });
  const [check, ...others] = checks.filter((one) => one.name.startsWith(`${name} `));
  expect(others).toEqual([]);
  return check!.run();
}

test("a model whose version is served is tried with its own example", async () => {
  const server = await standIn([{ status: 200, body: model }]);
  expect(await checked("diabetes-progression", server.url)).toBe(
    "version 3 (champion) predicts 206.12",
  );
  expect(server.asked).toEqual([{ dataframe_split: model.input_example }]);
  server.close();
});

test.each(["unregistered", "unpromoted"])("an %s model has nothing to check yet", async (name) => {
  const error: unknown = await checked(name, "http://127.0.0.1:1").catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Skipped);
  expect(error).toMatchObject({ message: "no version has the alias champion yet" });
});

test("a model that the notebooks' user may not see is not taken for one without a version", async () => {
  const server = await standIn([
    { status: 503, body: { detail: "MLflow shows it no such model" } },
  ]);
  let now = 0;
  const clock = jest.spyOn(Date, "now").mockImplementation(() => (now += 60_000));
  await expect(checked("private", server.url)).rejects.toThrow(
    "version 3 has the alias champion, but",
  );
  clock.mockRestore();
  server.close();
});

test("a failing MLflow is a failed check", async () => {
  const checking = checked("unreachable", "http://127.0.0.1:1");
  await expect(checking).rejects.not.toBeInstanceOf(Skipped);
  await expect(checking).rejects.toThrow("503");
});
