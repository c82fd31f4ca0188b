import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { version } from "@pulumi/pulumi/version.js";
import { chooseEngine } from "../../cli/engineChoice.ts";
import { readSettings } from "../../cli/stackSettings.ts";

// A machine with an empty PATH and cache, whose only way out is a proxy that refuses every request.
const before = { ...process.env };
const said = jest.spyOn(console, "error").mockImplementation(() => {});
let folder: string;
let proxy: Server;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "engine-"));
  asked = [];
  proxy = createServer();
  proxy.on("connect", ({ url }, socket) => {
    asked.push(url!);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  process.env["PATH"] = join(folder, "bin");
  process.env["MLOPS_CACHE_DIR"] = join(folder, "cache");
  process.env["HTTPS_PROXY"] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  said.mockClear();
});
afterEach(async () => {
  process.env = { ...before };
  await new Promise((resolve) => proxy.close(resolve));
  rmSync(folder, { recursive: true });
});

const anywhere = readSettings({});
const onGoogle = readSettings({
  config: ["dataStores=gcp", "gcpProject=acme-ml", "gcpRegion=europe-west1"],
});

/** A Pulumi CLI that knows its version and nothing else. */
function pulumi(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n[ "$1" = version ] && echo v${version}\n`);
  chmodSync(path, 0o755);
}

test("is the Pulumi CLI on PATH", async () => {
  pulumi(join(folder, "bin", "pulumi"));
  expect(await chooseEngine({}, anywhere)).toBe("pulumi");
  expect(asked).toEqual([]);
});

test("is the Pulumi CLI that an earlier command has installed into the cache", async () => {
  pulumi(join(folder, "cache", "mlops-platform", "pulumi", version, "bin", "pulumi"));
  expect(await chooseEngine({}, anywhere)).toBe("pulumi");
  expect(asked).toEqual([]);
});

test("is the built-in one where the CLI cannot be downloaded, with one line that says why", async () => {
  expect(await chooseEngine({}, anywhere)).toBe("builtin");
  expect(asked).toEqual(["get.pulumi.com:443"]);
  expect(said.mock.calls).toEqual([
    [
      "The built-in engine is used: the Pulumi CLI is not on PATH, and https://get.pulumi.com does not answer.",
    ],
  ]);
});

test("nothing is downloaded for --engine builtin, for a stack that has it, and to read outputs", async () => {
  expect(await chooseEngine({ engine: "builtin" }, anywhere)).toBe("builtin");
  expect(await chooseEngine({}, anywhere, "builtin")).toBe("builtin");
  expect(await chooseEngine({}, anywhere, undefined, { mayInstall: false })).toBe("builtin");
  expect(asked).toEqual([]);
});

test("is always the requested one", async () => {
  await expect(chooseEngine({ engine: "pulumi" }, anywhere)).rejects.toThrow(
    /does not answer; install the Pulumi CLI .*builtin/,
  );
});

test("stays the one that knows the stack's state", async () => {
  await expect(chooseEngine({}, anywhere, "pulumi")).rejects.toThrow(
    /does not answer; install the Pulumi CLI/,
  );
  await expect(chooseEngine({ engine: "pulumi" }, anywhere, "builtin")).rejects.toThrow(
    /deployed with the engine builtin, which has its state/,
  );
});

test("is never the built-in one for parts on Google Cloud, and the error names every reason", async () => {
  await expect(chooseEngine({ engine: "builtin" }, onGoogle)).rejects.toThrow(
    /^the built-in engine creates nothing on Google Cloud; install the Pulumi CLI \(https:\S+\)$/,
  );
  expect(asked).toEqual([]);
  await expect(chooseEngine({}, onGoogle)).rejects.toThrow(
    /^the Pulumi CLI is not on PATH, and \S+ does not answer, while the built-in engine creates nothing on Google Cloud; install the Pulumi CLI/,
  );
  expect(said).not.toHaveBeenCalled();
});
