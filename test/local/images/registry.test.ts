import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pushFailure, registryHas, registryImage } from "../../../local/images/registry.ts";
import { UserError } from "../../../local/support/errors.ts";
import { CommandError } from "../../../local/support/process.ts";

let folder: string;
const before = { ...process.env };

// A real skopeo looks into a real registry, with a real login, in push.test.ts.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-"));
  mkdirSync(join(folder, "bin"));
  process.env = { HOME: folder, PATH: join(folder, "bin") };
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true });
});

function program(name: string, script = ""): void {
  const file = join(folder, "bin", name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`);
  chmodSync(file, 0o755);
}
const calls = () => {
  const log = join(folder, "calls");
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
};
const refuse = (words: string) => `echo "level=fatal msg=\\"${words}\\"" >&2; exit 1`;

test("skopeo is used where it is installed, and Docker otherwise", async () => {
  program("docker");
  expect(await registryHas("example.org/mlops/tracking:1")).toBe(true);
  program("skopeo");
  expect(await registryHas("example.org/mlops/tracking:1")).toBe(true);
  expect(calls()).toEqual([
    "docker manifest inspect example.org/mlops/tracking:1",
    "skopeo --command-timeout 20s inspect --raw docker://example.org/mlops/tracking:1",
  ]);
});

test("a registry on this machine is called without TLS", async () => {
  program("docker");
  await registryHas("localhost:5000/mlops/tracking:1");
  program("skopeo");
  await registryHas("127.0.0.1:5000/mlops/tracking:1");
  expect(calls()).toEqual([
    "docker manifest inspect --insecure localhost:5000/mlops/tracking:1",
    "skopeo --command-timeout 20s inspect --raw --tls-verify=false docker://127.0.0.1:5000/mlops/tracking:1",
  ]);
});

test.each([
  "reading manifest 1 in example.org/mlops/tracking: manifest unknown",
  "pinging container registry example.org: Get: dial tcp: lookup example.org: no such host",
])("a registry without the image, or out of reach, has it not: %s", async (words) => {
  program("skopeo", refuse(words));
  expect(await registryHas("example.org/mlops/tracking:1")).toBe(false);
});

test("on a machine with neither program the build starts and names what is missing", async () => {
  expect(await registryHas("example.org/mlops/tracking:1")).toBe(false);
});

test.each([
  "unable to retrieve auth token: invalid username/password: unauthorized",
  "authentication required",
  "received unexpected HTTP status: 403 Forbidden",
])("a registry that wants a login ends the command with how to log in: %s", async (words) => {
  program("skopeo", refuse(words));
  program("docker");
  await expect(registryHas("example.org/mlops/tracking:1")).rejects.toEqual(
    new UserError(
      "the registry example.org does not let this machine push; log in with `docker login example.org` and run this again",
    ),
  );
});

describe("a push that fails", () => {
  const reference = "europe-west3-docker.pkg.dev/my-project/mlops/tracking:1f2e3d4c5b6a";
  const failed = (output: string) =>
    pushFailure(reference, new CommandError("docker push", 1, output));

  test.each([
    [
      "denied: Unauthenticated request. Unauthenticated requests do not have permission",
      "the registry europe-west3-docker.pkg.dev does not let this machine push; log in with `gcloud auth login` and `gcloud auth configure-docker europe-west3-docker.pkg.dev`, with an account that has the role Artifact Registry Writer (a repository that does not exist is refused alike: `npm run up` creates it), and run this again",
    ],
    [
      'name unknown: Repository "mlops" not found',
      "the registry europe-west3-docker.pkg.dev has no repository for my-project/mlops/tracking; create it first, which `npm run up` does on Google Cloud",
    ],
    [
      "manifest invalid: cannot update tag 1f2e3d4c5b6a. The repository has enabled tag immutability",
      `${reference} already exists in the registry with other content, and its tags are immutable; leave --force out, or change the app so that it gets another tag`,
    ],
  ])("with %s", (output, sentence) => {
    expect(failed(output)).toEqual(new UserError(sentence));
  });

  test("for any other reason is shown unchanged", () => {
    const error = new CommandError("docker push", 1, "connection reset by peer");
    expect(pushFailure(reference, error)).toBe(error);
    expect(pushFailure(reference, error.message)).toBe(error.message);
  });
});

test("a reference is split into its parts", () => {
  expect(registryImage("localhost:5000/a/b/c:1")).toEqual({
    host: "localhost:5000",
    name: "a/b/c",
  });
  expect(() => registryImage("tracking")).toThrow("tracking is not a reference to a registry");
});
