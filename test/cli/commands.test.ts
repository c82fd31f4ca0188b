import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { forgetDeployment, writeDeployment } from "../../cli/deployment.ts";

const root = resolve(__dirname, "../..");

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as npm's scripts start it. */
function mlops(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn("node", [join(root, "cli", "bootstrap.mjs"), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, stdout, stderr })));
}

jest.setTimeout(120_000);

describe("an invalid command line fails with one sentence and exit code 1", () => {
  test.each<[string, string[], string]>([
    ["a misspelt command", ["prevew"], "unknown command 'prevew'\n(Did you mean preview?)"],
    ["an unknown option", ["up", "--fast"], "unknown option '--fast'"],
    [
      "a misspelt option",
      ["up", "--stak", "gke"],
      "unknown option '--stak'\n(Did you mean --stack?)",
    ],
    [
      "and with its value",
      ["up", "--stak=gke"],
      "unknown option '--stak'\n(Did you mean --stack?)",
    ],
    ["a word too many", ["preview", "now"], "too many arguments for 'preview'"],
    ["an option without its value", ["up", "--stack"], "option '--stack <name>' argument missing"],
    [
      "an unknown engine",
      ["preview", "--engine", "x"],
      "option '--engine <name>' argument 'x' is invalid. Allowed choices are builtin, pulumi.",
    ],
    [
      "a setting without a value",
      ["preview", "--config", "x"],
      "--config must be KEY=VALUE, not x",
    ],
    ["an impossible stack name", ["preview", "--stack", "a/b"], "--stack must be letters, digits"],
    [
      "keeping and deleting the data",
      ["down", "--keep-data", "--delete-data"],
      "option '--keep-data' cannot be used with option '--delete-data'",
    ],
    ["a copy to nowhere", ["copy", "--from", "dev"], "give two stacks, such as `npm run copy"],
    ["a copy to itself", ["copy", "--from", "dev", "--to", "dev"], "give two stacks"],
    ["an unknown test stage", ["test", "nonsense"], "nonsense is not a stage; the stages are "],
  ])("%s", async (_, args, sentence) => {
    const { code, stderr, stdout } = await mlops(args);
    expect(stderr).toMatch(new RegExp(`^error: ${escaped(sentence)}`));
    expect(stderr).not.toMatch(/\n +at /);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  test.each([
    ["--stack=gke", ["--stack=gke"]],
    ["--stack gke", ["--stack", "gke"]],
    ["--local-cluster", ["--local-cluster"]],
  ])(
    "an option that npm has taken, because -- was forgotten: npm run preview %s",
    (shown, words) => {
      const { status, stdout, stderr } = spawnSync("npm", ["run", "-s", "preview", ...words], {
        cwd: root,
        encoding: "utf8",
      });
      expect(stderr).toBe(
        `error: npm kept ${words[0]!.split("=")[0]} to itself, because options of a command come after --; ` +
          `run \`npm run preview -- ${shown}\`\n`,
      );
      expect([status, stdout]).toEqual([1, ""]);
    },
  );

  test.each<[string, string[], string]>([
    ["an unknown setting", ["--config", "replicaz=2"], "replicaz is not a setting; "],
    [
      "a wrong type",
      ["--config", "predictionReplicas=many"],
      "predictionReplicas must be a whole number",
    ],
    [
      "two pods on a ReadWriteOnce volume",
      ["--config", "trackingReplicas=2"],
      "trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; ",
    ],
  ])("%s, before anything is built or started", async (_, args, sentence) => {
    const { code, stderr } = await mlops(["up", "--stack", "bad-input", ...args]);
    expect(stderr).toMatch(/^error: invalid configuration; /);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/…|\n +at /);
    expect(code).toBe(1);
  });
});

describe("a cluster that cannot be reached", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlops-commands-"));
  const KUBECONFIG = join(folder, "kubeconfig");
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(() => {
    // nothing listens on port 1
    const text = {
      "current-context": "away",
      contexts: [{ name: "away", context: { cluster: "away", user: "me" } }],
      clusters: [{ name: "away", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "me", user: {} }],
    };
    writeFileSync(KUBECONFIG, JSON.stringify(text));
  });

  test("is named, with what to do", async () => {
    const { code, stderr } = await mlops(["up", "--stack", "bad-input"], { KUBECONFIG });
    expect(stderr).toBe(
      "error: the context away: nothing listens at https://127.0.0.1:1; start that cluster, " +
        "choose another context with --context NAME, or take a cluster of this machine with --local-cluster\n",
    );
    expect(code).toBe(1);
  });

  test("does not prevent a preview", async () => {
    const policy = ["--except", "open-service"];
    const args = ["preview", "--stack", "bad-input", "--engine", "builtin", ...policy];
    const { code, stderr, stdout } = await mlops(args, { KUBECONFIG });
    expect(stderr + stdout).toMatch(/Plan: \d+ to create/);
    expect(code).toBe(0);
  });

  test("a context that is not in the kubeconfig is reported with those that are", async () => {
    const args = ["up", "--stack", "bad-input", "--context", "typo"];
    const { stderr } = await mlops(args, { KUBECONFIG });
    expect(stderr).toBe("error: the context typo is not in the kubeconfig; it has away\n");
  });
});

describe("a cluster that cannot be used", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlops-commands-"));
  let status = 200;
  const server = createServer((_, response) => {
    response.writeHead(status).end(JSON.stringify({ message: "forbidden: User bob" }));
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function up(user: Record<string, unknown>): Promise<string> {
    const KUBECONFIG = ["absent", "one", "two"].map((name) => join(folder, name)).join(delimiter);
    const context = { name: "there", context: { cluster: "there", user: "me" } };
    writeFileSync(join(folder, "one"), JSON.stringify({ "current-context": "there" }));
    const cluster = { server: url, "insecure-skip-tls-verify": true };
    const two = {
      contexts: [context],
      clusters: [{ name: "there", cluster }],
      users: [{ name: "me", user }],
    };
    writeFileSync(join(folder, "two"), JSON.stringify(two));
    const { stderr, code } = await mlops(["up", "--stack", "bad-input"], { KUBECONFIG });
    expect(code).toBe(1);
    return stderr.replaceAll(url, "URL");
  }

  const exec = (command: string, ...args: string[]) => ({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command, args },
  });

  test.each<[string, number, Record<string, unknown>, string]>([
    [
      "the login has expired",
      401,
      { token: "old" },
      "the login has expired or is wrong (URL answers 401); log in again",
    ],
    [
      "the user is not allowed",
      403,
      { token: "bob" },
      "its user is not allowed to use URL (403: forbidden: User bob); ask for access",
    ],
    [
      "the credential plugin is missing",
      200,
      exec("no-such-plugin"),
      "the credential plugin no-such-plugin is missing; install it, or put it on PATH",
    ],
    [
      "the credential plugin wants a new login",
      200,
      exec("sh", "-c", "echo run login >&2; exit 1"),
      "the credential plugin sh failed (run login); log in again",
    ],
  ])("%s", async (_, answered, user, sentence) => {
    status = answered;
    expect(await up(user)).toMatch(`error: the context there: ${sentence}, choose another context`);
  });
});

test("native Windows is refused with the way that works", () => {
  const program = `
    Object.defineProperty(process, "platform", { value: "win32" });
    await import(${JSON.stringify(pathToFileURL(join(root, "cli", "bootstrap.mjs")).href)});`;
  const { status, stderr } = spawnSync("node", ["--input-type=module", "-e", program, "up"], {
    encoding: "utf8",
  });
  expect(stderr).toBe(
    "error: Windows is not supported natively; install WSL 2 (`wsl --install`) and run this inside it\n",
  );
  expect(status).toBe(1);
});

test("commands that need a platform say how to get one", async () => {
  for (const args of [["outputs"], ["connect"], ["verify"]]) {
    const { code, stderr } = await mlops([...args, "--stack", "absent"]);
    expect(stderr).toMatch(/^error: the stack absent .*; run `npm run up` first\n$/);
    expect(code).toBe(1);
  }
});

test("`--help` lists the commands, and the options of each", async () => {
  const general = await mlops(["--help"]);
  expect(general.code).toBe(0);
  const names = [...general.stdout.matchAll(/^ {2}([\w-]+) {2,}\S/gm)].map(([, name]) => name!);
  expect(names).toEqual(expect.arrayContaining(["up", "preview", "connect", "verify", "down"]));
  for (const name of names) {
    const { code, stdout } = await mlops([name, "--help"]);
    expect([name, code]).toEqual([name, 0]);
    expect(stdout).toContain(`Usage: npm run ${name}`);
  }
});

describe("a question", () => {
  /** The command line at a terminal, where these keys are pressed. */
  function typed(keys: string, ...args: string[]) {
    const terminal = "process.stdin.isTTY = process.stderr.isTTY = true;";
    const { status, stderr } = spawnSync(
      "node",
      ["--import", `data:text/javascript,${terminal}`, join(root, "cli", "entry.ts"), ...args],
      { input: keys, encoding: "utf8", env: { ...process.env, TERM: "dumb" } },
    );
    return { status, stderr };
  }
  const down = ["down", "--cluster", "--stack", "absent"];
  const question = "Delete the local cluster with every experiment, model and artifact in it?";

  test.each([
    ["no", "n\n"],
    ["Enter", "\n"],
    ["Ctrl-D", ""],
  ])("that is answered with %s ends the command, and is no error", (_, keys) => {
    const { status, stderr } = typed(keys, ...down);
    expect(stderr).toContain(question);
    expect(stderr).toMatch(/nothing was removed\n$/);
    expect(stderr).not.toContain("error");
    expect(status).toBe(0);
  });

  test("ends the command at Ctrl-C, without a stack trace", () => {
    const { status, stderr } = typed("\x03", ...down);
    expect(stderr).toContain(question);
    expect(stderr).not.toMatch(/rror|\n +at /);
    expect(status).toBe(130);
  });

  test("the question about the data can be answered with cancel, which is not an error", () => {
    const stack = "nobody-cancels";
    const target = { kind: "local-cluster", folder: "/nowhere" } as const;
    writeDeployment(stack, { target, engine: "builtin", namespace: "mlops", charts: "official" });
    try {
      const { status, stderr } = typed("cancel\n", "down", "--stack", stack);
      expect(stderr).toMatch(/Keep the data or delete it\? .*nothing was removed\n$/s);
      expect(stderr).not.toContain("error");
      expect(status).toBe(0);
    } finally {
      forgetDeployment(stack);
    }
  });

  test("without a terminal it is an error that names the option", async () => {
    const { code, stderr } = await mlops(down);
    expect(stderr).toBe("error: nothing was removed; confirm with --yes\n");
    expect(code).toBe(1);
  });
});
