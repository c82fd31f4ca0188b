import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServedModel } from "../../cli/prediction.ts";

/** What a model server answers to GET /model. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

export const model: ServedModel = {
  name: "diabetes-progression",
  version: "3",
  alias: "champion",
  run_id: "abc",
  input_example: { columns: ["age", "sex", "bmi", "bp", "s1"], data: [[59, 2, 32.1, 101, 157]] },
  metrics: {},
  load_error: null,
};

/** In place of predictions: the server answers with an error. */
export const refused = Symbol("refused");

/**
 * A healthy model server that gives these answers to GET /model, the last one repeatedly, and these predictions, after
 * it has closed so many connections and answered so many requests that it is still loading.
 */
export function standIn(
  answers: Answer[],
  predictions: unknown = [206.1166],
  { refusing = 0, loading = 0 } = {},
) {
  const asked: unknown[] = [];
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      if (refusing > 0) {
        refusing -= 1;
        return void request.socket.destroy();
      }
      if (request.url === "/invocations") {
        asked.push(JSON.parse(text));
        if (asked.length <= loading) {
          return void response
            .writeHead(503)
            .end(JSON.stringify({ detail: "it is still loading" }));
        }
        const isRefused = predictions === refused;
        const body = isRefused ? { detail: "it cannot predict" } : { predictions };
        response.writeHead(isRefused ? 500 : 200, { "X-Model-Version": "3" });
        return void response.end(JSON.stringify(body));
      }
      if (request.url === "/health") return void response.end();
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
