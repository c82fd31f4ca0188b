import { describeServed, servedModel, waitForModel } from "../../cli/prediction.ts";
import { model, standIn } from "./modelServer.ts";

const step = { update: () => {}, done: () => {}, fail: () => {} };

test("waits for the model, then predicts for the first row of its own example", async () => {
  const none = { status: 503, body: { detail: "no version has the alias champion" } };
  const server = await standIn([none, { status: 200, body: model }]);
  const served = await waitForModel("churn", server.url, 10, step);
  const sentence = await describeServed(server.url, served);
  server.close();
  expect(sentence).toBe("version 3 (champion) predicts 206.12");
  expect(server.asked).toEqual([{ dataframe_split: model.input_example }]);
});

test("retries while one of several pods still loads what another one serves", async () => {
  const server = await standIn([{ status: 200, body: model }], [206.1166], { loading: 1 });
  expect(await describeServed(server.url, model)).toBe("version 3 (champion) predicts 206.12");
  server.close();
});

test.each([
  [["virginica"], "virginica"],
  [[{ risk: 0.123456, churns: true }], '{"risk":0.12346,"churns":true}'],
  [{ mean: [1.5], spread: [2] }, '{"mean":[1.5],"spread":[2]}'],
  [[Array.from({ length: 600 }, () => 7)], /^\[7,7,7.{0,60}…$/],
])("what it predicts is shown in a few words: %j", async (predictions, shown) => {
  const server = await standIn([{ status: 200, body: model }], predictions);
  const sentence = await describeServed(server.url, model);
  server.close();
  const [, value] = /^version 3 \(champion\) predicts (.*)$/.exec(sentence)!;
  expect(value).toEqual(typeof shown === "string" ? shown : expect.stringMatching(shown));
});

test("quotes the server when no model is loaded in time", async () => {
  const server = await standIn([{ status: 503, body: { detail: "no model has the alias" } }]);
  await expect(waitForModel("churn", server.url, 0, step)).rejects.toThrow(
    /^churn is not served after 0 s: no model has the alias; see the logs /,
  );
  server.close();
});

test("a server that does not answer yet is retried", async () => {
  const { url, close } = await standIn([{ status: 200, body: model }], [1], { refusing: 2 });
  expect(await servedModel(url, 30)).toMatchObject({ name: model.name });
  close();
});

test("a server that is down counts as no model", async () => {
  expect(await servedModel("http://127.0.0.1:1")).toMatch(/^it does not answer/);
});

test("a model without an input example is served without a prediction", async () => {
  expect(await describeServed("http://127.0.0.1:1", { ...model, input_example: null })).toBe(
    "version 3 (champion) has no input example to predict with",
  );
});
