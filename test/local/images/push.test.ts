import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { imageReference } from "../../../program/images.ts";
import { imagesFolder } from "../../../local/images/buildahSession.ts";
import { ensureImages } from "../../../local/images/index.ts";
import { run, sleep, which } from "../../../local/support/process.ts";
import { debianProgram } from "../../support/promtool.ts";
import { freePort } from "../../support/listening.ts";

/*
 * The real thing: Debian's registry on loopback behind a password. An image of this checkout is built and pushed by
 * buildah, and pulled back into an empty store.
 */

const missing = [
  ...(process.platform === "linux" && process.getuid?.() === 0 ? [] : ["Linux and root"]),
  ...["buildah", "mmdebstrap", "apt-get"].filter((program) => !which(program)),
];
const found =
  missing.length === 0 ? debianProgram("docker-registry", "docker-registry") : undefined;
const registryProgram = found && "path" in found ? found.path : undefined;
const suite = registryProgram === undefined ? describe.skip : describe;

const login = "someone:a registry's password";
// of that password, by bcrypt, the only way that the registry keeps one
const passwords = "someone:$2b$05$aSG/Y5hiYjhYZrs9DRiLme89RWCIdZ3j5i8dW6llthDVglYkpWxh2\n";

suite("a push to a real registry", () => {
  let folder: string;
  let host: string;
  let registry: ChildProcess;
  let reference: string;
  const before = { ...process.env };
  const store = join(imagesFolder(), "store");
  const push = () =>
    ensureImages({ target: "context", push: true, registry: `${host}/mlops`, apps: ["postgres"] });
  const said = () => jest.mocked(console.error).mock.calls.map(([line]) => String(line));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "registry-"));
    host = `127.0.0.1:${await freePort()}`;
    reference = imageReference("postgres", `${host}/mlops`);
    writeFileSync(join(folder, "passwords"), passwords);
    writeFileSync(
      join(folder, "config.json"),
      JSON.stringify({
        version: "0.1",
        log: { level: "error" },
        storage: { filesystem: { rootdirectory: join(folder, "data") } },
        http: { addr: host },
        auth: { htpasswd: { realm: "test", path: join(folder, "passwords") } },
      }),
    );
    registry = spawn(registryProgram!, ["serve", join(folder, "config.json")], { stdio: "ignore" });
    // a Docker that answers would build and push the image instead
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "docker"), "#!/bin/sh\nexit 1\n");
    chmodSync(join(folder, "bin", "docker"), 0o755);
    process.env["PATH"] = [join(folder, "bin"), before["PATH"]].join(delimiter);
    process.env["REGISTRY_AUTH_FILE"] = join(folder, "auth.json");
    await answering(`http://${host}/v2/`);
  });
  afterAll(async () => {
    await buildah(store, "rmi", reference).catch(() => {});
    registry.kill();
    process.env = { ...before };
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => void jest.spyOn(console, "error").mockImplementation(() => {}));
  afterEach(() => jest.restoreAllMocks());

  const buildah = (root: string, ...args: string[]) => run("buildah", ["--root", root, ...args]);
  const fromRegistry = async () =>
    await fetch(`http://${host}/v2/mlops/postgres/manifests/${reference.split(":").at(-1)}`, {
      headers: {
        accept: "application/vnd.oci.image.manifest.v1+json",
        authorization: `Basic ${Buffer.from(login).toString("base64")}`,
      },
    });

  test("is refused before anything is built without a login", async () => {
    await expect(push()).rejects.toThrow(
      `the registry ${host} does not let this machine push; log in with \`docker login ${host}\` and run this again`,
    );
    expect((await fromRegistry()).status).toBe(404);
  });

  test(
    "pushes exactly the image that was built",
    async () => {
      const auth = Buffer.from(login).toString("base64");
      const auths = { auths: { [host]: { auth } } };
      writeFileSync(join(folder, "auth.json"), JSON.stringify(auths), { mode: 0o600 });
      await push();
      expect(said()).toContainEqual(expect.stringMatching(/^✓ Pushing the image postgres /));

      const manifest = await fromRegistry();
      const { config } = (await manifest.json()) as { config: { digest: string } };
      const built = await buildah(store, "images", "--no-trunc", "--format", "{{.ID}}", reference);
      expect(built.split("\n")).toContain(config.digest);

      const empty = join(folder, "store");
      await buildah(empty, "pull", "--quiet", "--tls-verify=false", reference);
      const format = "{{.ID}} {{.Digest}}";
      const pulled = await buildah(empty, "images", "--no-trunc", "--format", format, reference);
      expect(pulled.trim().split(/\s+/)).toEqual([
        config.digest,
        manifest.headers.get("docker-content-digest"),
      ]);
    },
    10 * 60_000,
  );

  test("does nothing the second time", async () => {
    await push();
    expect(said()).toEqual([
      "… Querying the registry",
      expect.stringMatching(/^✓ Querying the registry · 1 of 1 images /),
    ]);
  });
});

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await fetch(url).catch(() => undefined)) return;
    await sleep(100);
  }
  throw new Error(`nothing answers at ${url}`);
}
