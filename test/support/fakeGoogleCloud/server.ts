import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Api, Fields, Handler } from "./api.ts";
import { GoogleError } from "./googleError.ts";
import type { World } from "./world.ts";

/** A request as it came in, and how it was answered. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly code: number;
  readonly message?: string;
}

export interface Server {
  readonly url: string;
  readonly seen: readonly Seen[];
  close(): Promise<void>;
}

interface CompiledRoute {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handler: Handler;
  readonly service: string;
}

/** Serves every API below one address of this machine. */
export async function serve(apis: readonly Api[], world: World): Promise<Server> {
  const routes = apis.flatMap((api) =>
    Object.entries(api.routes(world)).map(([route, handler]) => compile(api, route, handler)),
  );
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void answer(request, routes, world).then(({ code, body, message }) => {
      const [path] = (request.url ?? "").split("?");
      seen.push({ method: request.method ?? "", path: path ?? "", code, ...message });
      response.writeHead(code, { "content-type": "application/json; charset=UTF-8" });
      response.end(code === 204 ? undefined : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Turns `GET projects/{project}` into what requests are compared with. */
function compile(api: Api, route: string, handler: Handler): CompiledRoute {
  const [method, path] = route.split(" ") as [string, string];
  // parts of the provider ask for another version of an API than the one in its address
  const anyVersion = api.path.replace(/[^/]+\/$/, "[^/]+/");
  const below = path.replace(/[.:]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>[^/:]+)");
  const pattern = new RegExp(`^${anyVersion}${below}$`);
  return { method, pattern, handler, service: api.service };
}

interface Answer {
  code: number;
  body: Fields;
  message?: { message: string };
}

async function answer(
  request: IncomingMessage,
  routes: readonly CompiledRoute[],
  world: World,
): Promise<Answer> {
  try {
    const url = new URL(request.url ?? "/", "http://localhost");
    const body = await read(request);
    return { code: 200, body: dispatch(request.method ?? "", url, body, routes, world) };
  } catch (error) {
    const refusal =
      error instanceof GoogleError
        ? error
        : new GoogleError(500, "internal", String((error as Error).stack ?? error), "INTERNAL");
    return { code: refusal.code, body: refusal.toBody(), message: { message: refusal.message } };
  }
}

function dispatch(
  method: string,
  url: URL,
  body: Fields,
  routes: readonly CompiledRoute[],
  world: World,
): Fields {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(url.pathname) : null;
    if (match === null) continue;
    checkEnabled(route.service, world);
    const params = Object.fromEntries(
      Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]),
    );
    return route.handler({ params, query: url.searchParams, body });
  }
  throw new GoogleError(501, "notImplemented", `the fake has no answer to ${method} ${url.href}`);
}

/** Google refuses every request to an API that the project has not enabled, or has enabled a moment ago. */
function checkEnabled(service: string, world: World): void {
  const { enabledServices, settling, projectNumber } = world;
  const refusals = settling.get(service) ?? 0;
  if (enabledServices.has(service) && refusals === 0) return;
  if (refusals > 0) settling.set(service, refusals - 1);
  throw new GoogleError(
    403,
    "SERVICE_DISABLED",
    `${service} has not been used in project ${projectNumber} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${service}/overview?project=${projectNumber} then retry.`,
  );
}

async function read(request: IncomingMessage): Promise<Fields> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text === "" ? {} : (JSON.parse(text) as Fields);
}
