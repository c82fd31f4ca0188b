import { follow } from "../../cli/backupJobs.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";

/* How a command follows its Job, with the pods as a cluster lists them. */

const pod = (state: object) => ({
  metadata: { name: "backup-1-x", namespace: "ml" },
  spec: { containers: [] },
  status: { phase: "Pending", containerStatuses: [{ name: "backup", state }] },
});
const reason = "CreateContainerConfigError";
const waiting = pod({ waiting: { reason, message: 'secret "mine" not found' } });

afterEach(() => jest.useRealTimers());

test("names once what keeps a Job from starting, and goes on when that is over", async () => {
  jest.useFakeTimers();
  const made = Date.now();
  const isCreated = () => Date.now() - made > 20_000;
  const client = {
    request: (_: string, path: string) =>
      Promise.resolve(
        path.includes("/pods")
          ? { items: [isCreated() ? pod({ running: {} }) : waiting] }
          : {
              metadata: { namespace: "ml" },
              spec: { selector: { matchLabels: { "job-name": "backup-1" } } },
              status: {
                conditions:
                  Date.now() - made > 30_000 ? [{ type: "Complete", status: "True" }] : [],
              },
            },
      ),
    logs: () => Promise.resolve("dumped both databases\n"),
  } as unknown as KubernetesClient;
  const lines: string[] = [];
  const ended = follow({ client, namespace: "ml" }, "backup-1", (line) => lines.push(line));
  await jest.advanceTimersByTimeAsync(40_000);
  expect(await ended).toBe(0);
  expect(lines).toEqual([
    `waiting: pod backup-1-x: ${reason}: secret "mine" not found`,
    "dumped both databases",
  ]);
});
