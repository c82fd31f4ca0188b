import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { endpoints, isHealthy } from "../../cli/platformEndpoints.ts";

/** Whether an endpoint counts as healthy that answers so. */
async function healthy(answer: RequestListener): Promise<boolean> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const found = await isHealthy(url, endpoints.tracking);
  await new Promise((resolve) => server.close(resolve));
  return found;
}

test("an endpoint is healthy if it reports so itself", async () => {
  expect(await healthy((_request, response) => response.end("OK"))).toBe(true);
});

test("a healthy login in front of it says nothing about the endpoint", async () => {
  const login: RequestListener = ({ url }, response) => {
    if (url === "/login") response.end("who are you?");
    else response.writeHead(302, { location: "/login" }).end();
  };
  expect(await healthy(login)).toBe(false);
});

test("an endpoint that fails is not", async () => {
  expect(await healthy((_request, response) => response.writeHead(503).end())).toBe(false);
});
