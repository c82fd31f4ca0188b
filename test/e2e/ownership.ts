import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workFolder } from "../../local/support/cache.ts";
import { api, commandLine } from "./support/platform.ts";

type CommandLine = ReturnType<typeof commandLine>;

/** What a checkout knows of a stack, with either engine. */
const stateFiles = (stack: string) => [
  `deployments/${stack}.json`,
  `state/${stack}.json`,
  `pulumi/Pulumi.${stack}.yaml`,
  `pulumi-state/.pulumi/stacks/mlops-platform/${stack}.json`,
];

/** Other stacks, another checkout and a lost state, on a platform that is up. Nothing of it changes. */
export function describeOtherStates(cli: CommandLine, target: readonly string[]): void {
  const saved = mkdtempSync(join(tmpdir(), "mlops-state-"));
  afterAll(() => rmSync(saved, { recursive: true, force: true }));
  const copy = (from: string, to: string) => {
    for (const file of stateFiles(cli.stack)) {
      rmSync(join(to, file), { force: true });
      if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file));
    }
  };
  const lose = () => {
    for (const file of stateFiles(cli.stack)) rmSync(join(workFolder, file), { force: true });
  };

  test("a second stack is refused the namespace of the first", async () => {
    const other = commandLine("e2e-other", ...target);
    const { code, stderr } = await other.up();
    expect(stderr).toContain(`belongs to another stack, mlops-platform/${cli.stack}`);
    expect(code).toBe(1);
    expect((await other.mlops("down", "--delete-data", "--yes")).stderr).toContain(
      "is not deployed from this checkout",
    );
  });

  test("without its state the stack is refused, and recovered with its passwords", async () => {
    const before = await cli.outputs();
    copy(workFolder, saved);
    lose();
    const refused = await cli.up();
    expect(refused.stderr).toContain("this checkout's state of it is lost");
    expect(refused.code).toBe(1);
    const unasked = await cli.mlops("recover", ...target);
    expect(unasked.stderr).toContain("nothing was recovered; confirm with --yes");

    expect((await cli.mlops("recover", ...target, "--yes")).code).toBe(0);
    const { code, stdout, stderr } = await cli.up();
    expect(stdout + stderr).toMatch(/Done: \d+ unchanged \(|Resources:\s+\d+ unchanged\s/);
    expect(stdout).toMatch(/version \d+ \(champion\) predicts/);
    expect(code).toBe(0);
    expect(await cli.outputs()).toEqual(before);
  });

  test("a checkout that still has the old state neither updates nor removes it", async () => {
    const renewed = mkdtempSync(join(tmpdir(), "mlops-state-"));
    copy(workFolder, renewed);
    copy(saved, workFolder);
    try {
      for (const words of [
        ["up", ...target],
        ["down", "--delete-data", "--yes"],
      ]) {
        const [command = "", ...options] = words;
        const { code, stderr } = await cli.mlops(command, ...options);
        expect(stderr).toContain("another checkout has recovered it since");
        expect(code).toBe(1);
      }
    } finally {
      copy(renewed, workFolder);
      rmSync(renewed, { recursive: true });
    }
  });
}

/** What others have in the cluster, on a platform that is up. */
export function describeOtherPeople(cli: CommandLine, namespace: string): void {
  const theirs = { metadata: { name: "their-settings" }, data: { a: "1" } };

  test("`down` deletes no namespace that contains objects of others", async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    await api().call("POST", path, theirs);
    const { code, stderr } = await cli.mlops("down", "--delete-data", "--yes");
    expect(stderr).toContain("which would be deleted with it: ConfigMap their-settings;");
    expect(code).toBe(1);
    expect((await api().call("DELETE", `${path}/their-settings`)).status).toBe(200);
  });

  test("neither `up` nor `down` touches a namespace that already exists", async () => {
    await api().call("POST", "/api/v1/namespaces", { metadata: { name: "team-x" } });
    await api().call("POST", "/api/v1/namespaces/team-x/configmaps", theirs);
    const other = commandLine("e2e-other");
    const settings = ["--local-cluster", "--engine", "builtin", "--config", "namespace=team-x"];
    for (const command of ["preview", "up"]) {
      const { code, stderr } = await other.mlops(command, ...settings);
      expect(stderr).toContain("the namespace team-x already exists");
      expect(code).toBe(1);
    }
    await other.mlops("down", "--delete-data", "--yes");
    await api().get("/api/v1/namespaces/team-x/configmaps/their-settings");
    await api().call("DELETE", "/api/v1/namespaces/team-x");
  });
}
