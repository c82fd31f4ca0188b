import { createServer } from "node:net";
import { listenFrom } from "../../cli/portForward.ts";

test("each server of a stack with many models gets a port, the next free one", async () => {
  const servers = Array.from({ length: 60 }, () => createServer());
  const first = 42_000;
  const ports: number[] = [];
  for (const server of servers) ports.push(await listenFrom(server, first, "a model"));
  // Node warns of more than ten
  expect(Math.max(...servers.map((server) => server.listenerCount("listening")))).toBe(0);
  for (const server of servers) server.close();
  expect(new Set(ports).size).toBe(60);
  expect(ports).toEqual([...ports].sort((one, other) => one - other));
});
