import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pushFailure, registryHas, registryImage } from "../../../local/images/registry.ts";
import { UserError } from "../../../local/support/errors.ts";
import { CommandError } from "../../../local/support/process.ts";

let server: Server;
let host: string;
let folder: string;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const before = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    const { method, url, headers } = request;
    asked.push(`${method} ${url} ${headers.authorization ?? "nobody"}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  folder = mkdtempSync(join(tmpdir(), "registry-"));
  mkdirSync(join(folder, "bin"));
  process.env = {
    HOME: folder,
    PATH: [join(folder, "bin"), "/usr/bin", "/bin"].join(delimiter),
  };
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true });
});

const path = "/v2/mlops/tracking/manifests/1f2e3d4c5b6a";
const has = () => registryHas(`${host}/mlops/tracking:1f2e3d4c5b6a`);
const status = (code: number) => (_: unknown, response: ServerResponse) =>
  void response.writeHead(code).end();
const base64 = (text: string) => Buffer.from(text).toString("base64");
const known = `Basic ${base64("me:a password")}`;

function program(name: string, script: string): void {
  const file = join(folder, "bin", name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function write(file: string, content: object): void {
  mkdirSync(join(folder, file, ".."), { recursive: true });
  writeFileSync(join(folder, file), JSON.stringify(content));
}

/** Lets in whoever gives the right authorization. */
const guarded =
  (authorization: string, challenge: string) =>
  ({ headers }: IncomingMessage, response: ServerResponse) => {
    const isRight = headers.authorization === authorization;
    response.writeHead(isRight ? 200 : 401, { "www-authenticate": challenge }).end();
  };

test.each([
  [200, true],
  [404, false],
  [500, false],
])("a registry that answers %d has the image: %s", async (code, expected) => {
  answer = status(code);
  expect(await has()).toBe(expected);
  expect(asked).toEqual([`HEAD ${path} nobody`]);
});

test("a registry that cannot be asked from here counts as one without the image", async () => {
  expect(await registryHas("127.0.0.1:1/mlops/tracking:1")).toBe(false);
});

describe("a registry that wants a login gets", () => {
  beforeEach(() => (answer = guarded(known, 'Basic realm="Registry"')));

  test.each([".docker/config.json", ".config/containers/auth.json"])("that of %s", async (file) => {
    write(file, { auths: { [host]: { auth: base64("me:a password") } } });
    expect(await has()).toBe(true);
    expect(asked).toEqual([`HEAD ${path} nobody`, `HEAD ${path} ${known}`]);
  });

  test("that of the helper which the file names, as gcloud sets it up", async () => {
    write(".docker/config.json", { credHelpers: { [host]: "gcloud" } });
    program(
      "docker-credential-gcloud",
      `[ "$1" = get ] && [ "$(cat)" = "${host}" ] && echo '{"Username":"me","Secret":"a password"}'`,
    );
    expect(await has()).toBe(true);
  });

  test.each([
    ["no file", undefined],
    ["a login for another registry", { auths: { "example.org": { auth: base64("me:x") } } }],
    ["a login that is wrong", { auths: { "127.0.0.1": {} } }],
    ["a helper that is not logged in", { credHelpers: { "127.0.0.1": "none" }, credsStore: "no" }],
  ])("nothing with %s, and the user is told how to log in", async (_, file) => {
    if (file) write(".docker/config.json", file);
    program("docker", "exit 1");
    await expect(has()).rejects.toEqual(
      new UserError(
        `the registry ${host} does not let this machine push; log in with \`docker login ${host}\` and run this again`,
      ),
    );
  });
});

test("a registry that gives out tokens is asked for one with the login", async () => {
  write(".docker/config.json", { auths: { [host]: { auth: base64("me:a password") } } });
  const challenge = `Bearer realm="http://${host}/token",service="here",scope="repository:mlops/tracking:pull"`;
  const manifests = guarded("Bearer abc", challenge);
  answer = (request, response) =>
    request.url!.startsWith("/token")
      ? void response.end(JSON.stringify({ token: "abc" }))
      : manifests(request, response);
  expect(await has()).toBe(true);
  expect(asked).toEqual([
    `HEAD ${path} nobody`,
    `GET /token?service=here&scope=repository%3Amlops%2Ftracking%3Apull ${known}`,
    `HEAD ${path} Bearer abc`,
  ]);
});

describe("a push that fails", () => {
  const reference = "europe-west3-docker.pkg.dev/my-project/mlops/tracking:1f2e3d4c5b6a";
  const failed = (output: string) =>
    pushFailure(reference, new CommandError("docker push", 1, output));

  test.each([
    [
      "denied: Unauthenticated request. Unauthenticated requests do not have permission",
      "the registry europe-west3-docker.pkg.dev does not let this machine push; log in with `gcloud auth login` and `gcloud auth configure-docker europe-west3-docker.pkg.dev`, with an account that has the role Artifact Registry Writer (a repository that does not exist is refused alike: `npm run up` makes it), and run this again",
    ],
    [
      'name unknown: Repository "mlops" not found',
      "the registry europe-west3-docker.pkg.dev has no repository for my-project/mlops/tracking; make it first, which `npm run up` does on Google Cloud",
    ],
    [
      "manifest invalid: cannot update tag 1f2e3d4c5b6a. The repository has enabled tag immutability",
      `${reference} is in the registry with other content, and its tags cannot change; leave --force out, or change the app so that it gets another tag`,
    ],
  ])("with %s", (output, sentence) => {
    expect(failed(output)).toEqual(new UserError(sentence));
  });

  test("for any other reason is shown as it is", () => {
    const error = new CommandError("docker push", 1, "connection reset by peer");
    expect(pushFailure(reference, error)).toBe(error);
    expect(pushFailure(reference, error.message)).toBe(error.message);
  });
});

test("a reference is taken apart", () => {
  expect(registryImage("localhost:5000/a/b/c:1")).toEqual({
    host: "localhost:5000",
    name: "a/b/c",
    tag: "1",
  });
  expect(() => registryImage("tracking")).toThrow("tracking is not a reference to a registry");
});
