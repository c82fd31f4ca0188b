import { refuseUnknown, upgradeWords } from "../../../local/engine/helmCommand.ts";
import type { Handler } from "../../../local/engine/handler.ts";
import { handlerTable } from "../../../local/engine/handlers.ts";

const release = { name: "tiny", chart: "tiny" };

test.each([
  [
    "the URL of a repository",
    { repositoryOpts: { repo: "https://example.org/charts", caFile: "ca.crt" } },
    "upgrade tiny tiny --repo https://example.org/charts --install --values - --reset-values --wait --timeout 9s --ca-file ca.crt",
  ],
  [
    "the name of a repository",
    { repositoryOpts: { repo: "mine" } },
    "upgrade tiny mine/tiny --install --values - --reset-values --wait --timeout 9s",
  ],
  [
    "a registry",
    { repositoryOpts: { repo: "oci://example.org/charts/" }, version: "1.2.3" },
    "upgrade tiny oci://example.org/charts/tiny --install --values - --reset-values --wait --timeout 9s --version 1.2.3",
  ],
  [
    "that nobody waits",
    { skipAwait: true },
    "upgrade tiny tiny --install --values - --reset-values --timeout 9s",
  ],
  [
    "what is switched on",
    { atomic: true, verify: false, reuseValues: true },
    "upgrade tiny tiny --install --values - --wait --timeout 9s --atomic --reuse-values",
  ],
])("helm is told %s", (_what, more, expected) => {
  expect(upgradeWords({ ...release, ...more }, 9).join(" ")).toBe(expected);
});

test.each([
  [{ recreatePods: true }, "support recreatePods of a Helm release; leave it out"],
  [{ valueYamlFiles: ["a.yaml"] }, "support valueYamlFiles of a Helm release; leave it out"],
  [
    { repositoryOpts: { repo: "https://example.org", password: "x" } },
    "support repositoryOpts.password of a Helm release; log in with `helm registry login` or `helm repo add`",
  ],
])("what helm would not be told is refused: %j", (more, sentence) => {
  expect(() => refuseUnknown("tiny", { ...release, ...more })).toThrow(
    `tiny: the built-in engine does not ${sentence}, or install the Pulumi CLI`,
  );
});

test("inputs that ask for nothing are not refused", () => {
  const nothing = { recreatePods: false, valueYamlFiles: [], repositoryOpts: {}, lint: null };
  expect(() => refuseUnknown("tiny", { ...release, ...nothing })).not.toThrow();
});

test("charts that are no releases are refused", () => {
  const handlerOf = handlerTable({} as Handler, {} as Handler);
  expect(() => handlerOf("kubernetes:helm.sh/v4:Chart", "web")).toThrow(
    "web is a kubernetes:helm.sh/v4:Chart: the built-in engine installs charts as a helm.v3.Release only; install the Pulumi CLI to deploy it",
  );
});
