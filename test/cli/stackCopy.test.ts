import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { WebSocketServer } from "ws";
import type { BackupSite } from "../../cli/backupJobs.ts";
import { copyStack } from "../../cli/stackCopy.ts";
import { KubernetesClient } from "../../local/support/kubernetesClient.ts";

type Fields = Record<string, any>;

/** A cluster with CronJobs and the one pod of whatever Job is made of them, whose port leads to a program here. */
class FakeSite {
  readonly jobs = new Map<string, Fields>();
  readonly requests: string[] = [];
  log = "";
  status: Fields = {};
  /** Where a forwarded port ends. */
  port = 0;
  /** How long it takes to forward it. */
  forwardMs = 0;
  readonly #server: HttpServer;

  constructor(container: string, ...cronJobs: string[]) {
    this.#server = createServer((request, response) => {
      const path = new URL(request.url!, "http://it").pathname;
      const name = path.split("/").at(-1)!;
      this.requests.push(`${request.method} ${path.split("/").slice(-2).join("/")}`);
      const answer = (status: number, body: unknown) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      };
      if (request.method === "POST") {
        let text = "";
        request.on("data", (chunk) => (text += chunk));
        request.on("end", () => {
          const job = JSON.parse(text) as Fields;
          this.jobs.set(job["metadata"].name as string, job);
          answer(201, job);
        });
      } else if (path.includes("/cronjobs/")) {
        if (cronJobs.includes(name)) answer(200, cronJob(name, container));
        else answer(404, { message: "not found" });
      } else if (path.includes("/jobs/")) {
        if (request.method === "DELETE") this.jobs.delete(name);
        answer(200, { status: this.status });
      } else if (path.endsWith("/jobs")) answer(200, { resources: [] });
      else if (path === "/apis/batch/v1")
        answer(200, { resources: [{ name: "jobs", kind: "Job", namespaced: true }] });
      else if (path.endsWith("/log")) answer(200, this.log);
      else if (path.endsWith("/pods")) answer(200, { items: [runningPod(container)] });
      else answer(200, {});
    });
    const sockets = new WebSocketServer({
      server: this.#server,
      verifyClient: (_, done) => void setTimeout(() => done(true), this.forwardMs),
    });
    sockets.on("connection", (socket) => {
      const program = connect(this.port, "127.0.0.1");
      const data = (bytes: Buffer) => Buffer.concat([Buffer.of(0), bytes]);
      // either stream begins with the number of the port
      socket.send(Buffer.of(0, 0, 0));
      socket.send(Buffer.of(1, 0, 0));
      program.on("data", (bytes) => socket.send(data(bytes)));
      program.on("close", () => socket.close()).on("error", () => socket.close());
      socket.on("message", (bytes: Buffer) => program.write(bytes.subarray(1)));
      socket.on("close", () => program.destroy());
    });
  }

  async open(stack: string): Promise<BackupSite> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    const kubeconfig = new KubeConfig();
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    kubeconfig.loadFromClusterAndUser({ name: stack, server, skipTLSVerify: true }, { name: "me" });
    const file = join(folder, stack);
    writeFileSync(file, kubeconfig.exportConfig());
    const client = await KubernetesClient.connect({ kubeconfig: file });
    return { stack, namespace: "ml", client, kubeconfig };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const cronJob = (name: string, container: string) => ({
  metadata: { name, uid: "1" },
  spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: container }] } } } } },
});

const runningPod = (name: string) => ({
  metadata: { name: "the-pod" },
  spec: { containers: [{ name }] },
  status: { phase: "Running", containerStatuses: [{ name, state: { running: {} } }] },
});

const complete = { conditions: [{ type: "Complete", status: "True" }] };
const failed = { conditions: [{ type: "Failed", status: "True", message: "it did" }] };

const folder = mkdtempSync(join(tmpdir(), "copy-"));
let source: FakeSite;
let target: FakeSite;
const programs: Server[] = [];

/** A program in a pod, on a port of this machine. */
async function program(onConnection: Parameters<typeof createTcpServer>[1]): Promise<number> {
  const server = createTcpServer(onConnection as () => void);
  programs.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

afterAll(() => rmSync(folder, { recursive: true }));

afterEach(() => {
  for (const one of [source, target, ...programs.splice(0)]) one.close();
});

const words = (site: FakeSite) =>
  [...site.jobs.values()].map(({ spec }) => spec.template.spec.containers[0].args as string[]);

test("requests of the target's pod reach the source's, although its first connections end before the source's are open", async () => {
  source = new FakeSite("backup", "backup", "restore");
  source.forwardMs = 100;
  target = new FakeSite("restore", "restore");
  source.log = "ready to send 1 B: 1 runs\n";
  source.port = await program((socket) => {
    socket.on("data", (asked) => socket.write(`the answer to ${asked.toString()}`));
  });
  let asked = 0;
  target.port = await program((socket) => {
    asked += 1;
    if (asked <= 5) return void socket.destroy();
    socket.write(`question ${asked}`);
    socket.on("data", (answer) => {
      target.log += `${answer.toString()}\n`;
      target.status = complete;
    });
  });
  const lines: string[] = [];
  const sites = [await source.open("dev"), await target.open("gke")] as const;
  const onLine = (line: string) => void lines.push(line);
  expect(await copyStack(...sites, ["--replace"], onLine)).toBe(0);

  expect(words(target)).toEqual([["receive", "7411", "--replace"]]);
  expect(lines[0]).toBe("ready to send 1 B: 1 runs");
  expect(lines[1]).toMatch(/^the answer to question \d+$/);
  expect(source.requests).toContain("POST ml/jobs");
  expect(source.jobs.size).toBe(0);
});

test("a target that refuses ends the copy, and the source's Job is deleted", async () => {
  source = new FakeSite("backup", "backup");
  target = new FakeSite("copy", "copy");
  source.log = "ready to send 1 B: 1 runs\n";
  target.log = "error: the stack holds 2 runs; add --replace\n";
  target.status = failed;
  const lines: string[] = [];
  const sites = [await source.open("dev"), await target.open("gke")] as const;
  expect(await copyStack(...sites, [], (line) => lines.push(line))).toBe(1);
  expect(words(target)).toEqual([["receive", "7411"]]);
  expect(lines).toContain("error: the stack holds 2 runs; add --replace");
  expect(source.jobs.size).toBe(0);
});

test.each<[string, string[], string[], string]>([
  ["to", ["backup"], [], "the stack gke cannot receive a copy; set backup to true"],
  ["from", [], ["copy"], "the stack dev cannot be copied: it has no backups in the cluster"],
])("a stack that cannot be copied %s is refused before anything starts", async (...given) => {
  const [, ofSource, ofTarget, message] = given;
  source = new FakeSite("backup", ...ofSource);
  target = new FakeSite("copy", ...ofTarget);
  const sites = [await source.open("dev"), await target.open("gke")] as const;
  await expect(copyStack(...sites, [], () => {})).rejects.toThrow(message);
  expect([...source.requests, ...target.requests].join()).not.toContain("POST");
});

test("a source that fails before it is ready ends the copy before the target's Job", async () => {
  source = new FakeSite("backup", "backup");
  target = new FakeSite("copy", "copy");
  source.log = "error: cannot connect to the database\n";
  source.status = failed;
  const lines: string[] = [];
  const sites = [await source.open("dev"), await target.open("gke")] as const;
  await expect(copyStack(...sites, [], (line) => lines.push(line))).rejects.toThrow(
    "the stack dev cannot be copied; the reason is above",
  );
  expect(lines[0]).toBe("error: cannot connect to the database");
  expect(target.jobs.size).toBe(0);
});
