import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { queryAt, queryRange } from "../../tools/dashboards/prometheusApi.ts";

let answer: unknown;
let asked: { path: string; parameters: Record<string, string> } | undefined;
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked = { path: request.url!, parameters: Object.fromEntries(new URLSearchParams(body)) };
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

test("a value now, by its labels", async () => {
  const metric = { model_version: "3" };
  answer = {
    status: "success",
    data: { resultType: "vector", result: [{ metric, value: [100.5, "7"] }] },
  };
  expect(await queryAt(url, 'up{a="ü"}')).toEqual([{ labels: metric, points: [[100.5, 7]] }]);
  expect(asked).toEqual({ path: "/api/v1/query", parameters: { query: 'up{a="ü"}' } });
});

test("values over a range, including NaN", async () => {
  const values = [
    [100, "0.25"],
    [115, "NaN"],
    [130, "+Inf"],
  ];
  answer = { status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } };
  const range = { start: 100, end: 130, step: 15 };
  const [series] = await queryRange(url, "up", range);
  expect(series!.points).toEqual([
    [100, 0.25],
    [115, Number.NaN],
    [130, Number.POSITIVE_INFINITY],
  ]);
  expect(asked).toEqual({
    path: "/api/v1/query_range",
    parameters: { query: "up", start: "100", end: "130", step: "15" },
  });
});

test("values at an earlier time", async () => {
  answer = { status: "success", data: { resultType: "vector", result: [] } };
  expect(await queryAt(url, "up", 1234)).toEqual([]);
  expect(asked!.parameters).toEqual({ query: "up", time: "1234" });
});

test("a query that Prometheus does not understand, in its own words", async () => {
  answer = { status: "error", error: 'parse error: unexpected ")"' };
  await expect(queryAt(url, "up)")).rejects.toThrow(
    'Prometheus refused up): parse error: unexpected ")"',
  );
});
