import { refuseUnknown, upgradeWords } from "../../../local/engine/helmCommand.ts";

const release = { name: "tiny", chart: "tiny" };

test.each([
  [
    "the URL of a repository",
    { repositoryOpts: { repo: "https://example.org/charts" } },
    "upgrade tiny tiny --repo https://example.org/charts --install --values - --reset-values --wait --timeout 9s",
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
    "that it does not wait",
    { skipAwait: true },
    "upgrade tiny tiny --install --values - --reset-values --timeout 9s",
  ],
  [
    "how many revisions to keep, and to leave out definitions",
    { maxHistory: 3, skipCrds: true },
    "upgrade tiny tiny --install --values - --reset-values --wait --timeout 9s --skip-crds --history-max 3",
  ],
])("helm gets the argument %s", (_what, more, expected) => {
  expect(upgradeWords({ ...release, ...more }, 9).join(" ")).toBe(expected);
});

test.each([
  [{ atomic: true }, "atomic"],
  [{ valueYamlFiles: ["a.yaml"] }, "valueYamlFiles"],
  [{ repositoryOpts: { repo: "https://example.org", password: "x" } }, "repositoryOpts.password"],
])("an input that helm would not get is refused: %j", (more, input) => {
  expect(() => refuseUnknown("tiny", { ...release, ...more })).toThrow(
    `tiny: the built-in engine does not support ${input} of a Helm release; leave it out, or install the Pulumi CLI`,
  );
});
