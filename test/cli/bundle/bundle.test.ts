import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBundle } from "../../../cli/bundle/makeBundle.ts";
import { openBundle } from "../../../cli/bundle/manifest.ts";
import { checkImages, deliver, settingsWith } from "../../../cli/bundle/useBundle.ts";
import type { Settings } from "../../../cli/stackSettings.ts";
import { ensureHelm } from "../../../local/cluster/index.ts";
import { writeProgramImage } from "../../../local/cluster/nodeImages.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run, sleep, which } from "../../../local/support/process.ts";
import { debianProgram } from "../../support/promtool.ts";
import { freePort } from "../../support/listening.ts";

/*
 * A small stack on real programs: two images and a chart in Debian's registry on loopback, two npm packages. The bundle
 * is made while the registry is there and used when it is gone, in a network namespace that has loopback and no more.
 */

const missing = [
  ...(process.platform === "linux" && process.getuid?.() === 0 ? [] : ["Linux and root"]),
  ...["skopeo", "unshare"].filter((program) => !which(program)),
  ...((which("helm") ?? which("go")) ? [] : ["helm"]),
];
const found =
  missing.length === 0 ? debianProgram("docker-registry", "docker-registry") : undefined;
const registryProgram = found && "path" in found ? found.path : undefined;
const suite = registryProgram === undefined ? describe.skip : describe;
const why = missing.length > 0 ? ` (skipped: no ${missing.join(" and ")})` : "";

suite(`a bundle${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  const checkout = join(folder, "checkout");
  const cache = process.env["MLOPS_CACHE_DIR"];
  let host = "";
  let registry: ChildProcess;
  let references: string[] = [];
  let settings: Settings;
  const path = (name: string) => join(folder, name);
  const make = (output: string) => makeBundle(settings, "official", references, output, checkout);
  const needed = (...all: string[]) => all.map((reference) => ({ reference, usedBy: ["pod"] }));

  beforeAll(async () => {
    const helm = await ensureHelm();
    process.env["PATH"] = `${join(helm, "..")}:${process.env["PATH"]}`;
    process.env["MLOPS_CACHE_DIR"] = path("cache");
    host = `127.0.0.1:${await freePort()}`;
    registry = await serve(host);
    references = [`${host}/team/one:1`, `${host}/team/two:2`];
    writeFileSync(path("program"), "the program that both images hold".repeat(10_000));
    for (const reference of references) {
      const archive = path(`${reference.slice(-1)}.tar`);
      await writeProgramImage(path("program"), reference, archive);
      await skopeo(
        "copy",
        "--dest-tls-verify=false",
        `docker-archive:${archive}`,
        `docker://${reference}`,
      );
    }
    await run(helm, ["create", path("prometheus")]);
    await run(helm, ["package", path("prometheus"), "--destination", folder]);
    const charts = `oci://${host}/charts`;
    await run(helm, ["push", path("prometheus-0.1.0.tgz"), charts, "--plain-http"]);
    writeCheckout(checkout, ["which", "isexe"]);
    const config = {
      cluster: "current",
      dataStores: "cluster",
      imageRegistry: `${host}/team`,
      models: {},
      monitoring: true,
      grafana: false,
      prometheusChart: `${charts}/prometheus`,
      prometheusChartVersion: "0.1.0",
    };
    settings = { stack: "small", project: "mlops-platform", overrides: {}, config } as never;
    jest.spyOn(console, "error").mockImplementation(() => {});
    await make(path("small.tar"));
  }, 600_000);

  afterAll(() => {
    registry.kill();
    jest.restoreAllMocks();
    if (cache === undefined) delete process.env["MLOPS_CACHE_DIR"];
    else process.env["MLOPS_CACHE_DIR"] = cache;
    rmSync(folder, { recursive: true });
  });

  test("is reproducible, and stores layers that two images share once", async () => {
    await make(path("again.tar"));
    expect(readFileSync(path("again.tar")).equals(readFileSync(path("small.tar")))).toBe(true);
    const { folder: open, manifest } = await openBundle(path("small.tar"));
    expect(manifest.images.map(({ reference }) => reference)).toEqual(references);
    const listed = await run("tar", ["-tf", join(open, "images.tar")]);
    // a configuration that both share, a layer that both share, and so one manifest
    expect(listed.match(/blobs\/sha256\/./g)).toHaveLength(3);
  });

  test("is refused where it is damaged, cut short, or something else", async () => {
    const content = readFileSync(path("small.tar"));
    const at = content.indexOf("blobs/sha256/") + 600;
    content[at] = content[at]! ^ 1;
    writeFileSync(path("flipped.tar"), content);
    await expect(openBundle(path("flipped.tar"))).rejects.toThrow(
      /^--bundle .*flipped.tar is damaged: .*images\.tar.*; copy it again, or make it again$/,
    );
    cpSync(path("small.tar"), path("short.tar"));
    truncateSync(path("short.tar"), 200_000);
    await expect(openBundle(path("short.tar"))).rejects.toThrow(/short.tar is damaged/);
    await expect(openBundle(path("1.tar"))).rejects.toThrow(
      /1.tar is not a bundle of this version of the platform; make it with `npm run bundle`/,
    );
    await expect(openBundle(path("none.tar"))).rejects.toThrow(/there is no such file/);
  });

  test("of another stack is refused with the images that it lacks", async () => {
    const bundle = await openBundle(path("small.tar"));
    expect(() => checkImages(bundle, needed(...references), "small", undefined)).not.toThrow();
    expect(() => checkImages(bundle, needed("quay.io/x/y:1"), "large", undefined)).toThrow(
      "the bundle was made for the stack small and lacks images of large as it is now; make it again from this checkout with `npm run bundle -- --stack large --output FILE`\n  - quay.io/x/y:1",
    );
  });

  test("pushes exactly these images to a registry, under the names that the stack then uses", async () => {
    registry.kill();
    const mirror = `127.0.0.1:${await freePort()}`;
    registry = await serve(mirror);
    const bundle = await openBundle(path("small.tar"));
    const target = { kind: "context", context: "far", server: "https://far" } as const;
    const changed = settingsWith(bundle, settings, `${mirror}/all`);
    expect(changed.overrides).toMatchObject({
      imageRegistry: `${mirror}/all`,
      imageMirror: `${mirror}/all`,
      prometheusChartVersion: "0.1.0",
    });
    await expect(deliver(bundle, changed, target, {})).rejects.toThrow(
      "images cannot be loaded into the cluster of the context far from here; push them to a registry that it pulls from with --registry HOST/PATH",
    );
    await deliver(bundle, changed, target, { registry: `${mirror}/all` });
    const pushed = needed(`${mirror}/all/one:1`, `${mirror}/all/two:2`);
    checkImages(bundle, pushed, "small", `${mirror}/all`);
    for (const [index, { reference }] of pushed.entries()) {
      const words = ["inspect", "--tls-verify=false", "--format", "{{.Digest}}"];
      const digest = await skopeo(...words, `docker://${reference}`);
      expect(digest.trim()).toBe(bundle.manifest.images[index]!.digest);
    }
    const chart = changed.overrides["prometheusChart"]!;
    expect(await run("helm", ["show", "chart", chart])).toContain("version: 0.1.0");
  }, 60_000);

  test("installs the npm packages where there is no network", async () => {
    const module = join(checkoutRoot, "cli/bundle/bundledPackages.mjs");
    const program = `
      import { spawn } from "node:child_process";
      import { withBundledPackages } from ${JSON.stringify(module)};
      await withBundledPackages(${JSON.stringify(path("small.tar"))}, (url, cache) =>
        new Promise((done) => spawn("npm", ["ci", "--no-audit", "--registry", url, "--cache", cache], { stdio: "inherit" }).on("close", done)));
    `;
    writeFileSync(path("install.mjs"), program);
    const offline = `ip link set lo up && exec ${process.execPath} ${path("install.mjs")}`;
    await run("unshare", ["--net", "sh", "-c", offline], { cwd: checkout });
    const installed = readFileSync(join(checkout, "node_modules/which/package.json"), "utf8");
    expect(installed).toContain('"name": "which"');
  }, 60_000);
});

const skopeo = (...words: string[]) => run("skopeo", words);

/** A checkout with these packages of ours and no others. */
function writeCheckout(folder: string, names: readonly string[]): void {
  const { packages } = JSON.parse(
    readFileSync(join(checkoutRoot, "package-lock.json"), "utf8"),
  ) as {
    packages: Record<string, { version: string }>;
  };
  const dependencies = Object.fromEntries(
    names.map((name) => [name, packages[`node_modules/${name}`]!.version]),
  );
  const own = { name: "small", version: "1.0.0", dependencies };
  const locked = names.map((name) => [`node_modules/${name}`, packages[`node_modules/${name}`]]);
  const lock = {
    ...{ name: "small", version: "1.0.0", lockfileVersion: 3, requires: true },
    packages: { "": own, ...(Object.fromEntries(locked) as object) },
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(own));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
}

async function serve(host: string): Promise<ChildProcess> {
  const folder = mkdtempSync(join(tmpdir(), "bundle-registry-"));
  const config = join(folder, "config.json");
  const storage = { filesystem: { rootdirectory: join(folder, "data") } };
  writeFileSync(config, JSON.stringify({ version: "0.1", storage, http: { addr: host } }));
  const child = spawn(registryProgram!, ["serve", config], { stdio: "ignore" });
  child.on("close", () => rmSync(folder, { recursive: true, force: true }));
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await fetch(`http://${host}/v2/`).catch(() => undefined)) return child;
    await sleep(100);
  }
  throw new Error(`no registry answers at ${host}`);
}
