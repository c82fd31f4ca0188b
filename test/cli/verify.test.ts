import { setTimeout as sleep } from "node:timers/promises";
import { runChecks } from "../../cli/commands/verify.ts";
import { type Check, Skipped } from "../../cli/verification.ts";

let printed: string[];
beforeEach(() => {
  printed = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => jest.restoreAllMocks());

const fails = (error: Error) => () => Promise.reject(error);

test("checks run in sequence, those of the models in parallel, and a failed one does not stop the others", async () => {
  const order: string[] = [];
  const check = (name: string, run?: () => Promise<string>, isOfModel?: true): Check => ({
    ...{ name, lookAt: `the logs of ${name}`, ...(isOfModel && { isOfModel }) },
    run: () => (order.push(name), (run ?? (() => Promise.resolve("fine")))()),
  });
  // each waits, as a model does until Prometheus has read its server
  let waiting = 0;
  let most = 0;
  const waits = async () => {
    most = Math.max(most, (waiting += 1));
    await sleep(50);
    waiting -= 1;
    return "served";
  };
  const models = Array.from({ length: 30 }, (_, at) => check(`model-${at}`, waits, true));
  const counts = await runChecks([
    check("login"),
    check("run", fails(new Error("no room"))),
    ...models,
    check("model-none", fails(new Skipped("no version yet")), true),
    check("page"),
  ]);
  expect(counts).toEqual({ passed: 32, failed: 1, skipped: 1 });
  expect(most).toBe(20);
  expect([order[0], order[1], order.at(-1)]).toEqual(["login", "run", "page"]);
  expect(printed).toContain("✓ login · fine (0.0 s)");
  expect(printed).toContain("✗ run · no room (0.0 s)");
  expect(printed).toContain("  look at the logs of run");
  expect(printed).toContain("- model-none · no version yet");
  expect(printed.at(-1)).toContain("✓ page");
});
