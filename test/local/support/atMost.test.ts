import { setImmediate } from "node:timers/promises";
import { atMost } from "../../../local/support/atMost.ts";

test("few run at a time, and the results are in the order of the items", async () => {
  let working = 0;
  const seen: number[] = [];
  const results = await atMost(3, [5, 1, 4, 2, 3, 6, 0], async (turns) => {
    seen.push((working += 1));
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
    working -= 1;
    return turns * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30, 60, 0]);
  expect(Math.max(...seen)).toBe(3);
});

test("the first failure fails the call: what runs is waited for, and no more is begun", async () => {
  const events: string[] = [];
  const failing = atMost(2, [1, 2, 3], async (item) => {
    events.push(`${item} begins`);
    if (item === 1) throw new Error("no 1");
    await setImmediate();
    events.push(`${item} ends`);
  });
  await expect(failing).rejects.toThrow("no 1");
  expect(events).toEqual(["1 begins", "2 begins", "2 ends"]);
});
