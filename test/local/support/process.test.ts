import { spawn } from "node:child_process";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { sleep } from "../../../local/support/process.ts";

test("a process ends only after its long output has been read, however slowly", async () => {
  const module = join(checkoutRoot, "local/support/process.ts");
  const script = `
    const { exitAfterOutput } = await import(${JSON.stringify(module)});
    for (let line = 0; line < 10_000; line += 1) console.error("x".repeat(99));
    await exitAfterOutput(3);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let letters = 0;
  child.stderr.on("data", (chunk: Buffer) => {
    letters += chunk.length;
    child.stderr.pause();
    void sleep(5).then(() => child.stderr.resume());
  });
  expect(await new Promise((done) => child.on("close", done))).toBe(3);
  expect(letters).toBe(1_000_000);
});
