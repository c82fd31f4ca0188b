import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinsOf, speaksTls, writePins } from "../../cli/daskNotebooks.ts";
import { listenFrom } from "../../cli/portForward.ts";

test("a notebook's pins are the versions and the Python of the model server's image", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlops-pins-"));
  const path = join(folder, "pins.txt");
  writePins(path);
  const [, python, ...pins] = readFileSync(path, "utf8").trimEnd().split("\n");
  rmSync(folder, { recursive: true });
  expect(python).toMatch(/^# Python 3\.\d+$/);
  const names = "cloudpickle dask distributed joblib numpy pandas scikit-learn";
  expect(pins.map((pin) => pin.split("==")[0]).join(" ")).toBe(names);
  const lock = readFileSync("apps/serving/requirements.txt", "utf8");
  for (const pin of pins) expect(lock).toContain(`\n${pin} \\`);
});

test("a lock without one of them is an error", () => {
  expect(() => pinsOf("dask==1", "ARG BASE=python:3.11-slim")).toThrow(/does not say which/);
});

test("a port without an answer is not a scheduler", async () => {
  const silent = createServer((socket) => socket.destroy());
  const port = await listenFrom(silent, 43210, "the test");
  expect(await speaksTls(`tls://127.0.0.1:${port}`)).toBe(false);
  silent.close();
  expect(await speaksTls(`tls://127.0.0.1:${port}`)).toBe(false);
});
