import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { ensureHelm } from "../../../local/cluster/index.ts";
import { Project, until } from "./engineRun.ts";
import { api, describeOnCluster } from "./realApi.ts";

jest.setTimeout(400_000);

describeOnCluster("Helm releases on a real API server", (kubeconfig) => {
  const project = new Project("release.ts", kubeconfig);
  const namespace = `release-test-${process.pid}`;
  const chart = join(project.folder, "chart");
  const settings = { namespace, chart: "./chart" };
  const get = (path: string) => api(kubeconfig, "GET", path);
  const note = (name = "tiny") =>
    get(`/api/v1/namespaces/${namespace}/configmaps/${name}`)?.data.note;
  const records = (): string[] =>
    get(`/api/v1/namespaces/${namespace}/secrets?labelSelector=owner=helm`).items.map(
      ({ metadata }: any) =>
        `${metadata.labels.name} ${metadata.labels.version} ${metadata.labels.status}`,
    );
  let helm = "";
  const runHelm = (...words: string[]) =>
    execFileSync(helm, [...words, "--kubeconfig", kubeconfig, "--namespace", namespace], {
      encoding: "utf8",
    });

  beforeAll(async () => {
    cpSync(join(__dirname, "chart"), chart, { recursive: true });
    helm = await ensureHelm();
  }, 900_000);
  afterAll(async () => {
    await project.run("down");
    project.remove();
  });

  test("up installs the chart, and the program reads helm's status of it", async () => {
    const { stdout, stderr } = await project.succeed("up", settings, ["--json"]);
    expect(note()).toBe("first");
    const outputs = JSON.parse(stdout);
    expect(outputs.fullName).toBe(`${namespace}/tiny`);
    expect(outputs.status).toEqual({
      ...{ appVersion: "7", chart: "tiny", name: "tiny", namespace },
      ...{ revision: 1, status: "deployed", version: "1.2.3" },
    });
    expect(stderr).toMatch(/\+ Release tiny created/);
    expect(stdout + stderr).not.toContain("correct-Horse-7");
    const { data } = get(`/api/v1/namespaces/${namespace}/secrets/tiny-password`);
    expect(Buffer.from(data.password, "base64").toString()).toBe("correct-Horse-7");
  });

  test("a second up leaves the release alone", async () => {
    const { stderr } = await project.succeed("up", settings);
    expect(stderr).toContain("Done: 2 unchanged");
    expect(records()).toEqual(["tiny 1 deployed"]);
  });

  test("a changed value is a new revision, and so is a changed file of the chart", async () => {
    await project.succeed("up", { ...settings, note: "second" });
    expect(note()).toBe("second");
    appendFileSync(join(chart, "templates/objects.yaml"), "\n# changed\n");
    const { stderr } = await project.succeed("up", { ...settings, note: "second" });
    expect(stderr).toContain("~ Release tiny updated: chartFiles");
    expect(records().sort()).toEqual(["tiny 1 superseded", "tiny 2 superseded", "tiny 3 deployed"]);
  });

  test("manual changes with helm are undone", async () => {
    runHelm("rollback", "tiny", "1");
    expect(note()).toBe("first");
    const changed = await project.succeed("up", { ...settings, note: "second" });
    expect(changed.stderr).toContain("Release tiny updated: it is not as the last run left it");
    expect(note()).toBe("second");

    runHelm("uninstall", "tiny", "--wait");
    await project.succeed("up", { ...settings, note: "second" });
    expect(note()).toBe("second");
    expect(records()).toEqual(["tiny 1 deployed"]);
  });

  test("pods that cannot start fail the release with the reason, and the next up fixes it", async () => {
    const broken = { ...settings, image: "localhost/no-such-image:1", timeout: 6 };
    const { code, stderr } = await project.run("up", broken);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: Release \S+\/tiny is not ready after 6 s: Deployment tiny: 0 of 1 pods available; pod tiny-\S+: ErrImageNeverPull/m,
    );
    expect(records()).toContain("tiny 2 failed");
    await project.succeed("up", { ...settings, note: "fixed" });
    expect(note()).toBe("fixed");
  });

  test.each([
    ["engine alone, whose helm hears of it", false],
    ["engine and helm", true],
  ])("a run is repaired by the next one after a kill of %s", async (_what, both) => {
    const waiting = { ...settings, note: `killed ${both}`, image: "localhost/no-such-image:1" };
    const { child, ended } = project.start("up", waiting, [], { detached: true });
    await until(() => records().some((record) => record.endsWith("pending-upgrade")));
    process.kill(both ? -(child.pid ?? 0) : (child.pid ?? 0), "SIGKILL");
    await ended;
    if (!both) await until(() => records().some((record) => record.endsWith("failed")));
    const { stderr } = await project.succeed("up", { ...settings, note: "repaired" });
    expect(stderr).toContain("Release tiny updated");
    expect(note()).toBe("repaired");
    expect(records().filter((record) => /pending/.test(record))).toEqual([]);
  });

  test("an interrupted installation continues where it stopped", async () => {
    await project.succeed("up", { namespace, release: "false" });
    const waiting = { ...settings, image: "localhost/no-such-image:1" };
    const { child, ended } = project.start("up", waiting, [], { detached: true });
    await until(() => note() === "first");
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    await project.succeed("up", { ...settings, note: "installed" });
    expect(note()).toBe("installed");
    expect(records()).toEqual(["tiny 1 deployed"]);
  });

  test("another name is another release, and a release that is no longer declared is removed", async () => {
    const { stderr } = await project.succeed("up", { ...settings, name: "small" });
    expect(stderr).toContain("Release tiny replaced: name cannot change in place");
    expect([note(), note("small")]).toEqual([undefined, "first"]);

    await project.succeed("up", { namespace, release: "false" });
    expect(note("small")).toBeUndefined();
    expect(records()).toEqual([]);
  });

  test("down removes the release before its namespace", async () => {
    await project.succeed("up", settings);
    const { stderr } = await project.succeed("down");
    expect(stderr).toMatch(/- Release tiny deleted[\s\S]*- Namespace space deleted/);
    expect(get(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
  });
});
