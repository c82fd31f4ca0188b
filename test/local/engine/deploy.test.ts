import { writeFileSync } from "node:fs";
import { FakeApi, yes, plainKubeconfig } from "./fakeApi.ts";
import { Project, until } from "./engineRun.ts";

jest.setTimeout(120_000);

let api: FakeApi;
let project: Project;

beforeEach(async () => {
  api = new FakeApi();
  project = new Project("workloads.ts");
  writeFileSync(project.kubeconfig, plainKubeconfig(await api.listen()));
});

afterEach(() => {
  api.close();
  project.remove();
});

const pod = (status: object) => ({ metadata: { name: "the-pod" }, status });

test("before a Job runs again, its dependents are stopped", async () => {
  await project.succeed("up");
  api.writes.length = 0;

  const preview = await project.run("preview", { run: "echo again" });
  expect(preview.stderr).toMatch(/± .*batch\/v1:Job +migrate +replace/);
  expect(preview.stderr).toMatch(/± .*apps\/v1:Deployment +server +replace/);
  expect(api.writes).toEqual([]);

  await project.succeed("up", { run: "echo again" });
  expect(api.writes).toEqual([
    "delete Deployment server",
    "delete Job migrate",
    "apply Job migrate",
    "apply Deployment server",
  ]);
});

test("a failed Job is reported with its reason and last log lines, and the next up runs it again", async () => {
  const failed = yes("Failed", { reason: "BackoffLimitExceeded", message: "reached the limit" });
  api.status = () => ({ conditions: [failed] });
  api.pods = [
    pod({
      containerStatuses: [{ name: "migrate", state: { terminated: { exitCode: 3 } } }],
    }),
  ];
  api.log = "connecting\ndatabase is newer than this version\n";

  const first = await project.run("up");
  expect(first.code).toBe(1);
  expect(first.stderr).toContain(
    "error: Job migrate failed: BackoffLimitExceeded: reached the limit",
  );
  expect(first.stderr).toContain("pod the-pod: migrate ended with exit code 3; its last lines:");
  expect(first.stderr).toContain("    database is newer than this version");
  expect(first.stderr.match(/^error:/gm)).toHaveLength(1);
  expect(api.find("ConfigMap", "independent")).toBeDefined();
  expect(api.find("Deployment", "server")).toBeUndefined();

  api.status = FakeApi.prototype.status;
  api.writes.length = 0;
  const live = api.find("Job", "migrate");
  api.status = (object) =>
    object["metadata"].uid === live?.["metadata"].uid
      ? { conditions: [failed] }
      : FakeApi.prototype.status(object);
  await project.succeed("up");
  expect(api.writes).toEqual([
    "delete Job migrate",
    "apply Job migrate",
    "apply Deployment server",
  ]);
});

test.each([
  [
    "ImagePullBackOff: no such image",
    {
      containerStatuses: [
        { state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } },
      ],
    },
  ],
  [
    "Unschedulable: 0/1 nodes are available",
    {
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes are available",
        },
      ],
    },
  ],
  [
    'FailedMount: secret "login" not found',
    { containerStatuses: [{ state: { waiting: { reason: "ContainerCreating" } } }] },
    [
      { reason: "FailedScheduling", message: "0/1 nodes are available" },
      { reason: "FailedMount", message: 'secret "login" not found' },
      { reason: "Scheduled", message: "Successfully assigned" },
    ],
  ],
  [
    "CrashLoopBackOff; its last lines:\n    boom",
    {
      containerStatuses: [
        {
          name: "server",
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { exitCode: 1 } },
        },
      ],
    },
  ],
])(
  "a Deployment that never becomes ready gives the reason: %s",
  async (why, status, events: object[] = []) => {
    api.status = (object) =>
      object["kind"] === "Job" ? FakeApi.prototype.status(object) : { observedGeneration: 1 };
    api.pods = [pod(status)];
    api.events = events;
    api.log = "boom\n";
    const { code, stderr } = await project.run("up", { timeout: 1 });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `error: Deployment server is not ready after 1 s: 0 of 1 pods updated; pod the-pod: ${why}`,
    );
    expect(project.state().resources.find(({ name }) => name === "server")?.pending).toBe("create");
  },
);

test("a Deployment that was deleted by hand is created again", async () => {
  await project.succeed("up");
  for (const [path, object] of api.objects)
    if (object["kind"] === "Deployment") api.objects.delete(path);
  api.writes.length = 0;
  await project.succeed("up");
  expect(api.writes).toEqual(["apply Deployment server"]);
});

test("down can keep the data, and the next up uses it", async () => {
  await project.succeed("up");
  api.writes.length = 0;
  await project.succeed("down", {}, ["--keep-data"]);
  expect(api.writes.sort()).toEqual([
    "delete ConfigMap independent",
    "delete Deployment server",
    "delete Job migrate",
  ]);
  api.writes.length = 0;
  await project.succeed("up");
  expect(api.writes).not.toContain("apply PersistentVolumeClaim data");
  await project.succeed("down");
  expect(api.objects.size).toBe(0);
});

test("Ctrl-C ends a wait at once and saves the state, and the next up continues", async () => {
  api.status = (object) => (object["kind"] === "Job" ? {} : FakeApi.prototype.status(object));
  const { child, ended } = project.start("up");
  await until(() => api.find("Job", "migrate") !== undefined);
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect(code).toBe(130);
  expect(stderr).toContain("interrupted; finished operations are saved");
  api.status = FakeApi.prototype.status;
  await project.succeed("up");
});

test("a second run is refused with the pid of the first, and a dead run's lock is taken over", async () => {
  api.status = (object) => (object["kind"] === "Job" ? {} : FakeApi.prototype.status(object));
  const { child, ended } = project.start("up");
  await until(() => api.find("Job", "migrate") !== undefined);
  const second = await project.run("up");
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`another run is working on this stack (pid ${child.pid})`);
  child.kill("SIGKILL");
  await ended;
  api.status = FakeApi.prototype.status;
  await project.succeed("up");
});

test("a run killed after any write is repaired by the next one", async () => {
  // Twelve runs of the engine, on machines that may be busy with other tests.
  for (let writes = 1; writes <= 6; writes += 1) {
    const { child, ended } = project.start("up", { run: `echo ${writes}` });
    const before = api.writes.length;
    api.delay = 20;
    let isOver = false;
    void ended.then(() => (isOver = true));
    await until(() => isOver || api.writes.length >= before + writes);
    child.kill("SIGKILL");
    await ended;
    api.delay = 0;
    await project.succeed("up", { run: `echo ${writes}` });
    expect(project.state().resources.filter(({ pending }) => pending)).toEqual([]);
    expect(api.find("Job", "migrate")?.["spec"].template.spec.containers[0].command).toContain(
      `echo ${writes}`,
    );
    expect(api.find("Deployment", "server")).toBeDefined();
  }
  const { stderr } = await project.run("up", { run: "echo 6" });
  expect(stderr).toContain("Done: 5 unchanged");
}, 400_000);
