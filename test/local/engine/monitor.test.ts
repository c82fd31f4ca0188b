import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { Project } from "./engineRun.ts";

test("features of the Pulumi CLI are refused with one sentence each, all at once", async () => {
  const project = new Project("refused.ts");
  const settings = "config:\n  pulumi:disable-default-providers: { value: [kubernetes] }\n";
  appendFileSync(join(project.folder, "Pulumi.yaml"), settings);
  const { code, stderr } = await project.start("preview", {}, [], { noKubeconfig: true }).ended;
  project.remove();
  const configMap = "kubernetes:core/v1:ConfigMap";
  const cannot = "which the built-in engine cannot do; install the Pulumi CLI";
  expect((stderr.match(/^error: .*/gm) ?? []).sort()).toEqual(
    [
      `ignoring (${configMap}) has ignoreChanges, ${cannot}`,
      `replacing (${configMap}) has replaceOnChanges, ${cannot}`,
      `slow (${configMap}) has customTimeouts, ${cannot}`,
      `kept (${configMap}) has retainOnDelete, ${cannot}`,
      `guarded (${configMap}) has protect, ${cannot}`,
      `adopted (${configMap}) is imported, ${cannot}`,
      `transformed (${configMap}) has transforms, ${cannot}`,
      `homeless (${configMap}) has no provider, and default providers are disabled for its package; give it one in its options`,
      "patch is a kubernetes:core/v1:ConfigMapPatch: the built-in engine cannot patch objects it does not own; install the Pulumi CLI to deploy it",
      `chart (kubernetes:helm.sh/v4:Chart) is a remote component, ${cannot}`,
      "pet is a random:index/randomPet:RandomPet, which the built-in engine cannot generate; use RandomPassword or RandomUuid, or install the Pulumi CLI",
    ]
      .map((sentence) => `error: ${sentence}`)
      .sort(),
  );
  expect(code).toBe(1);
});
