import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { FakeApi, plainKubeconfig } from "./fakeApi.ts";
import { Project, until } from "./engineRun.ts";

jest.setTimeout(120_000);

let api: FakeApi;
let project: Project;
let env: NodeJS.ProcessEnv;
const inProject = (file: string) => join(project.folder, file);

/**
 * Puts a helm on PATH that notes its words and its input, answers questions about the release from files, and for
 * `upgrade` does what the shell script says.
 */
function fakeHelm(upgrade = "deploy"): void {
  const script = `#!/bin/sh
cd "${project.folder}"
case "$1 $2" in
  "version "*) echo v3.18.6; exit;;
  "get metadata") cat metadata 2>/dev/null && exit; echo "Error: release: not found" >&2; exit 1;;
  "get manifest") cat manifest 2>/dev/null; exit 0;;
esac
echo "$*" >> words
deploy() {
  echo '{"name":"tiny","chart":"tiny","version":"1.2.3","appVersion":"7","namespace":"release-test","revision":1,"status":"deployed","deployedAt":"now"}' > metadata
}
refuse() { echo "Error: $1" >&2; exit 1; }
if [ "$1" = uninstall ]; then rm -f metadata; exit; fi
cat > values
${upgrade}
`;
  mkdirSync(inProject("bin"), { recursive: true });
  writeFileSync(inProject("bin/helm"), script);
  chmodSync(inProject("bin/helm"), 0o755);
}

const words = () =>
  existsSync(inProject("words")) ? readFileSync(inProject("words"), "utf8").trim().split("\n") : [];
const run = (command: string, config: Record<string, string | number> = {}) =>
  project.start(command, config, [], { env }).ended;
const errorOf = async (config: Record<string, string | number> = {}) => {
  const { code, stderr } = await run("up", config);
  expect(code).toBe(1);
  const errors = stderr.match(/^error: .*/gm) ?? [];
  expect(errors).toHaveLength(1);
  return errors[0];
};

beforeEach(async () => {
  api = new FakeApi();
  project = new Project("release.ts");
  const path = [inProject("bin"), "/usr/bin", "/bin"].join(delimiter);
  env = { ...process.env, PATH: path, MLOPS_CACHE_DIR: inProject("cache") };
  writeFileSync(project.kubeconfig, plainKubeconfig(await api.listen()));
  fakeHelm();
});

afterEach(() => {
  api.close();
  project.remove();
});

test("helm gets the chart, the cluster and what to wait for as arguments, and the values from its input", async () => {
  await run("up", { timeout: 77, context: "fake", more: '{"version":"1.2.3","maxHistory":3}' });
  expect(words()).toEqual([
    "upgrade tiny oci://example.org/charts/tiny --install --values - --reset-values --wait --timeout 77s " +
      "--history-max 3 --version 1.2.3 --namespace release-test " +
      `--kubeconfig ${project.kubeconfig} --kube-context fake`,
  ]);
  const values = JSON.parse(readFileSync(inProject("values"), "utf8"));
  expect(values).toEqual({ note: "first", password: "correct-Horse-7" });
});

test("without a change helm is only queried", async () => {
  await run("up");
  const { stderr } = await run("up");
  expect(stderr).toContain("Done: 2 unchanged");
  expect(words()).toHaveLength(1);
});

test("a preview needs no cluster, no chart and no helm, and shows no secret", async () => {
  rmSync(inProject("bin/helm"));
  project.kubeconfig = "/no/such/kubeconfig";
  const { code, stdout, stderr } = await run("preview", { chart: "./not-there" });
  expect(stderr).toMatch(/\+ .*kubernetes:helm.sh\/v3:Release +tiny +create/);
  expect(stderr).toContain("Plan: 2 to create");
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain("correct-Horse-7");
});

test("a preview says what an update or a replacement changes", async () => {
  await run("up");
  const update = await run("preview", { note: "second" });
  expect(update.stderr).toContain('~ values.note: "first" => "second"');
  const replacement = await run("preview", { name: "small" });
  expect(replacement.stderr).toMatch(/± .*Release +tiny +replace/);
  expect(replacement.stderr).toContain("name cannot change in place");
});

test.each([
  [
    "a chart that cannot be reached",
    'refuse "failed to do request: Head \\"https://example.org/v2/charts/tiny\\": dial tcp: lookup example.org: no such host"',
    "error: Release release-test/tiny: cannot fetch the chart oci://example.org/charts/tiny (failed to do request: Head",
  ],
  [
    "a folder without a chart",
    'refuse "path \\"./gone\\" not found"',
    '(path "./gone" not found); check its name and the network, or download it and set its folder as the chart',
  ],
  [
    "a chart that does not render",
    'refuse "template: tiny/templates/x.yaml:1:2: executing: nil pointer evaluating interface {}.x"',
    "error: Release release-test/tiny failed: template: tiny/templates/x.yaml:1:2: executing: nil pointer",
  ],
])("%s is one sentence", async (_case, upgrade, sentence) => {
  fakeHelm(upgrade);
  expect(await errorOf()).toContain(sentence);
});

test("pods that do not become ready are reported with the reason", async () => {
  const selector = { matchLabels: {} };
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", spec: { selector } };
  const metadata = { name: "server", namespace: "release-test" };
  api.objects.set("/apis/apps/v1/namespaces/release-test/deployments/server", {
    ...{ ...deployment, metadata: { ...metadata, generation: 1 } },
  });
  api.status = () => ({ observedGeneration: 1, updatedReplicas: 1, replicas: 1 });
  const waiting = { reason: "ErrImagePull", message: "no such image" };
  const status = { containerStatuses: [{ name: "server", state: { waiting } }] };
  api.pods = [{ metadata: { name: "server-1" }, status }];
  writeFileSync(inProject("manifest"), JSON.stringify({ ...deployment, metadata }));
  fakeHelm('refuse "UPGRADE FAILED: context deadline exceeded"');
  expect(await errorOf({ timeout: 9 })).toBe(
    "error: Release release-test/tiny is not ready after 9 s: Deployment server: 0 of 1 pods available; pod server-1: ErrImagePull: no such image",
  );
});

test("without helm and without Go both fixes are named", async () => {
  rmSync(inProject("bin/helm"));
  expect(await errorOf()).toMatch(
    /Charts are installed by helm 3\.13 or newer, which is not on PATH, and no Go is there to build it with; install helm \(https:\S+\) or Go/,
  );
});

test("a helm 2 or 4 on PATH is not taken for a helm 3", async () => {
  writeFileSync(inProject("bin/helm"), "#!/bin/sh\necho v4.0.1\n");
  expect(await errorOf()).toContain("helm 3.13 or newer, which is not on PATH");
});

test("a release that another helm is changing is not touched", async () => {
  await run("up");
  const metadata = readFileSync(inProject("metadata"), "utf8");
  writeFileSync(inProject("metadata"), metadata.replace("deployed", "pending-upgrade"));
  expect(await errorOf({ note: "second" })).toContain(
    "error: Release release-test/tiny is being changed by another helm (pending-upgrade); wait for it, or, when none is running, run `helm rollback tiny --namespace release-test --kube-context fake`",
  );
  expect(words()).toHaveLength(1);
});

test("Ctrl-C is passed on to helm, and the engine waits for it", async () => {
  fakeHelm(
    'trap "sleep 1; echo ended >> words; exit 1" INT; touch waiting; while :; do sleep 0.1; done',
  );
  const { child, ended } = project.start("up", {}, [], { env });
  await until(() => existsSync(inProject("waiting")));
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect(code).toBe(130);
  expect(words().at(-1)).toBe("ended");
  expect(stderr).toContain("interrupted; finished operations are saved");
  fakeHelm();
  expect((await run("up")).code).toBe(0);
});

test("down removes the release", async () => {
  await run("up");
  await run("down");
  expect(words().at(-1)).toMatch(
    /^uninstall tiny --namespace release-test --ignore-not-found --wait --cascade foreground --timeout 600s /,
  );
});
