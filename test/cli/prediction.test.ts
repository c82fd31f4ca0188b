import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  describePrediction,
  predict,
  servedModel,
  type ServedModel,
  waitForModel,
} from "../../cli/prediction.ts";

const model: ServedModel = {
  name: "diabetes-progression",
  version: "3",
  alias: "champion",
  run_id: "abc",
  input_example: { columns: ["age", "sex", "bmi", "bp", "s1"], data: [[59, 2, 32.1, 101, 157]] },
  metrics: {},
  load_error: null,
};
const step = { update: () => {}, done: () => {}, fail: () => {} };

/** A model server that gives these answers to GET /model, the last one for ever, and predicts one number. */
function standIn(answers: { status: number; body: unknown }[]) {
  const asked: unknown[] = [];
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      if (request.url === "/invocations") {
        asked.push(JSON.parse(text));
        response.setHeader("X-Model-Version", "3").end(JSON.stringify({ predictions: [206.1166] }));
        return;
      }
      const { status, body } = answers.length > 1 ? answers.shift()! : answers[0]!;
      response.writeHead(status).end(JSON.stringify(body));
    });
  });
  return new Promise<{ url: string; asked: unknown[]; close: () => void }>((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://127.0.0.1:${port}`, asked, close: () => server.close() });
    }),
  );
}

test("waits for the model, then predicts for the first row of its own example", async () => {
  const none = { status: 503, body: { detail: "no version has the alias champion" } };
  const server = await standIn([none, { status: 200, body: model }]);
  const served = await waitForModel(server.url, 10, step);
  const prediction = await predict(server.url, served);
  server.close();
  expect(prediction).toMatchObject({ version: "3", value: 206.1166 });
  expect(server.asked).toEqual([{ dataframe_split: model.input_example }]);
  expect(describePrediction(prediction)).toEqual([
    "diabetes-progression version 3 (champion) predicts 206.12",
    "  for age 59, sex 2, bmi 32.1, bp 101, …",
  ]);
});

test("says what the server said when no model comes", async () => {
  const server = await standIn([{ status: 503, body: { detail: "no model has the alias" } }]);
  await expect(waitForModel(server.url, 0, step)).rejects.toThrow(
    /serves no model after 0 s: no model has the alias; see /,
  );
  server.close();
});

test("a server that is away is no model", async () => {
  expect(await servedModel("http://127.0.0.1:1")).toMatch(/^it does not answer/);
});

test("a model without an input example cannot be tried", async () => {
  await expect(predict("http://127.0.0.1:1", { ...model, input_example: null })).rejects.toThrow(
    /version 3 of diabetes-progression has no input example .*; log the model with input_example=/,
  );
});
