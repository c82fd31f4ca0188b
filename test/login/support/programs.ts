import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { listening } from "../../support/listening.ts";

/** Starts a program and waits until the URL answers 200. */
export async function start(
  command: string,
  args: readonly string[],
  healthUrl: string,
  options: { cwd?: string; env: NodeJS.ProcessEnv },
): Promise<{ stop: () => Promise<void> }> {
  // its own group, for MLflow's server starts others
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => void chunks.push(chunk.toString()));
  }
  const output = () => chunks.join("");
  for (let waited = 0; waited < 600; waited++) {
    if (child.exitCode !== null) throw new Error(`${command} ended:\n${output()}`);
    const answers = await fetch(healthUrl)
      .then(({ ok }) => ok)
      .catch(() => false);
    if (answers) return { stop: () => ended(child) };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await ended(child);
  throw new Error(`${command} did not answer ${healthUrl}:\n${output()}`);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    process.kill(-child.pid!, "SIGKILL");
  });
}

/** A certificate for localhost that only these tests trust. */
export function localhostCertificate(folder: string): { key: string; cert: string; file: string } {
  const [keyFile, file] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-keyout", keyFile, "-out", file],
    ],
    { stdio: "pipe" },
  );
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(file, "utf8"), file };
}

/** A server that says what it was asked, a websocket too, which then gets back what it sends. */
export async function echoServer(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => void (bytes += chunk.length));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ method, url, headers, bytes }));
    });
  });
  server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(textFrame(JSON.stringify(request.headers)));
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    socket.on("data", (frame: Buffer) => {
      const mask = frame.subarray(2, 6);
      const content = frame.subarray(6).map((byte, index) => byte ^ mask[index % 4]!);
      socket.write(Buffer.concat([Buffer.from([0x82, content.length]), content]));
    });
  });
  return await listening(server);
}

/** One frame of 126 to 65535 bytes. */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  return Buffer.concat([Buffer.from([0x81, 126, length >> 8, length & 0xff]), Buffer.from(text)]);
}
