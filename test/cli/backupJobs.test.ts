import { follow } from "../../cli/backupJobs.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";

/* How a command follows its Job, with the pods as a cluster lists them. */

const waiting = (reason: string, message: string) => ({ waiting: { reason, message } });

/** A cluster with one Job, whose container is in a state for so long and then runs for ten seconds. */
function followed(state: object, seconds: number) {
  const made = Date.now();
  const since = () => (Date.now() - made) / 1_000;
  const job = () => ({
    metadata: { namespace: "ml" },
    spec: { selector: { matchLabels: { "job-name": "backup-1" } } },
    status: since() > seconds + 10 ? { conditions: [{ type: "Complete", status: "True" }] } : {},
  });
  const pod = () => ({
    metadata: { name: "backup-1-x", namespace: "ml" },
    spec: { containers: [] },
    status: {
      containerStatuses: [{ name: "backup", state: since() > seconds ? { running: {} } : state }],
    },
  });
  const deleted: string[] = [];
  const client = {
    request: (_: string, path: string) =>
      Promise.resolve(path.includes("/pods") ? { items: [pod()] } : job()),
    logs: () => Promise.resolve("dumped both databases\n"),
    delete: ({ metadata }: { metadata: { name: string } }) => {
      deleted.push(metadata.name);
      return Promise.resolve();
    },
  } as unknown as KubernetesClient;
  const lines: string[] = [];
  const ended = follow({ client, namespace: "ml" }, "backup-1", (line) => lines.push(line));
  return { lines, deleted, ended };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test("reports once what keeps a Job from starting, and continues when that is over", async () => {
  const state = waiting("CreateContainerConfigError", 'secret "mine" not found');
  const { lines, deleted, ended } = followed(state, 60);
  await jest.advanceTimersByTimeAsync(80_000);
  expect(await ended).toBe(0);
  expect(lines).toEqual([
    'waiting: pod backup-1-x: CreateContainerConfigError: secret "mine" not found',
    "dumped both databases",
  ]);
  expect(deleted).toEqual([]);
});

test("gives up on a Job that cannot start until a person changes something", async () => {
  const { lines, deleted, ended } = followed(waiting("ErrImagePull", "no such host"), 600);
  await jest.advanceTimersByTimeAsync(30_000);
  expect(await ended).toBe(1);
  expect(lines).toEqual([
    "waiting: pod backup-1-x: ErrImagePull: no such host",
    "the Job backup-1 cannot start: pod backup-1-x: ErrImagePull: no such host",
  ]);
  expect(deleted).toEqual(["backup-1"]);
});
