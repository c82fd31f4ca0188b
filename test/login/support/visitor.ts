import { randomBytes } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  method?: string;
  headers?: { [name: string]: string };
  body?: string | Buffer;
}

/** An open websocket, without the client of a library: what goes over the wire is what a test is about. */
export interface WebSocketOpened {
  readonly socket: Socket;
  send(content: Buffer): void;
  /** Waits up to 30 seconds for what matches, and gives it back. */
  arrival(pattern: RegExp): Promise<RegExpExecArray | null>;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** The cookie as the server set it. */
  readonly line: string;
  readonly domain: string;
  readonly path: string;
}

/**
 * A browser as far as a login needs one. Hosts below the domain are looked for on ports of this machine, to which it
 * speaks as the load balancer would: plain HTTP with the visitor's Host.
 */
export class Visitor {
  readonly #ports: ReadonlyMap<string, number>;
  readonly #certificate: string;
  cookies: Cookie[] = [];

  constructor(ports: ReadonlyMap<string, number>, certificate: string) {
    this.#ports = ports;
    this.#certificate = certificate;
  }

  /** One request, redirects not followed. */
  async ask(address: string, { method = "GET", headers = {}, body }: Asking = {}): Promise<Answer> {
    const url = new URL(address);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = this.#request(url, method, headers, resolve);
      sent.on("error", reject).end(body);
    });
    this.#keep(url, response.headers["set-cookie"] ?? []);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const { statusCode: status = 0, headers: answered } = response;
    return { status, headers: answered, body: Buffer.concat(chunks).toString() };
  }

  /** Opens a page as a browser does, through every redirect. */
  async open(address: string): Promise<Answer & { readonly url: string }> {
    let url = address;
    for (let steps = 0; steps < 10; steps++) {
      const answer = await this.ask(url);
      const { location } = answer.headers;
      if (location === undefined) return { ...answer, url };
      url = new URL(location, url).href;
    }
    throw new Error(`${address} redirects without end, at last to ${url}`);
  }

  /** Opens a page that asks for nothing further, and so comes back with the cookie. */
  async logIn(address: string): Promise<void> {
    const { status, url } = await this.open(address);
    if (status !== 200) throw new Error(`${url} answered ${status}`);
  }

  /** Opens a websocket, or tells which answer came instead. */
  async webSocket(
    address: string,
    headers: { [name: string]: string } = {},
  ): Promise<WebSocketOpened | { status: number }> {
    const url = new URL(address);
    return await new Promise((resolve, reject) => {
      const upgrade = {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
        origin: url.origin,
        ...headers,
      };
      const sent = this.#request(url, "GET", upgrade, (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0 });
      });
      sent.on("upgrade", (_response, socket: Socket, head: Buffer) => {
        const chunks = [head];
        socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
        socket.on("error", () => {});
        const send = (content: Buffer) => void socket.write(maskedFrame(content));
        const arrival = async (pattern: RegExp) => {
          const find = () => pattern.exec(Buffer.concat(chunks).toString("latin1"));
          for (let waited = 0; waited < 150 && find() === null; waited++) await sleep(200);
          return find();
        };
        resolve({ socket, send, arrival });
      });
      sent.on("error", reject).end();
    });
  }

  /** Opens a websocket that is not to be refused. */
  async opened(address: string): Promise<WebSocketOpened> {
    const webSocket = await this.webSocket(address);
    if ("status" in webSocket) throw new Error(`${address} answered ${webSocket.status}`);
    return webSocket;
  }

  #request(
    url: URL,
    method: string,
    headers: { [name: string]: string },
    onAnswer: (response: IncomingMessage) => void,
  ) {
    const cookie = this.#cookiesFor(url).map(({ name, value }) => `${name}=${value}`);
    const all = { ...(cookie.length > 0 ? { cookie: cookie.join("; ") } : {}), ...headers };
    const port = this.#ports.get(url.hostname);
    if (port === undefined) {
      return httpsRequest(url, { method, headers: all, ca: this.#certificate }, onAnswer);
    }
    return httpRequest(
      {
        host: "127.0.0.1",
        port,
        path: url.pathname + url.search,
        method,
        headers: { host: url.host, "x-forwarded-proto": "https", ...all },
      },
      onAnswer,
    );
  }

  #cookiesFor({ hostname, pathname }: URL): Cookie[] {
    return this.cookies.filter(
      ({ domain, path }) =>
        (hostname === domain || hostname.endsWith(`.${domain}`)) && pathname.startsWith(path),
    );
  }

  #keep({ hostname }: URL, lines: string[]): void {
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const attribute = (key: string) => new RegExp(`;\\s*${key}=([^;]*)`, "i").exec(line)?.[1];
      const domain = (attribute("domain") ?? hostname).replace(/^\./, "");
      // a browser refuses a cookie for another site
      if (hostname !== domain && !hostname.endsWith(`.${domain}`)) continue;
      this.cookies = this.cookies.filter((kept) => kept.name !== name || kept.domain !== domain);
      if (attribute("max-age") === "0") continue;
      this.cookies.push({ name, value, line, domain, path: attribute("path") ?? "/" });
    }
  }
}

/** One binary frame, masked as a client must. */
function maskedFrame(content: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = content.map((byte, index) => byte ^ mask[index % 4]!);
  return Buffer.concat([Buffer.from([0x82, 0x80 | content.length]), mask, masked]);
}
