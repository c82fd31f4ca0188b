import { RunError } from "@pulumi/pulumi";
import { loadConfig, type PlatformConfig } from "../../program/config.ts";
import { configOf } from "../support/config.ts";
import { defaultSettings, project } from "../support/program.ts";

/** The faults that a set of settings is refused for, one a line. */
function faults(given: Record<string, string>, options?: { isSecret: boolean }): string[] {
  try {
    configOf(given, options);
  } catch (error) {
    expect(RunError.isInstance(error)).toBe(true);
    const [opening, ...lines] = (error as Error).message.split("\n  - ");
    expect(opening).toBe(
      "invalid configuration; fix the stack's settings with `pulumi config set KEY VALUE` or in its Pulumi.<stack>.yaml:",
    );
    return lines;
  }
  return [];
}

test.each<[keyof PlatformConfig, string, unknown]>([
  ["kubeContext", "", undefined],
  ["kubeContext", "arn:aws:eks/x", "arn:aws:eks/x"],
  ["trackingReplicas", "1", 1],
  ["trainingTrials", "", undefined],
  ["trainingTrials", "7", 7],
  ["trackingNodePort", "", undefined],
  ["trackingNodePort", "0", 0],
  ["trackingNodePort", "30000", 30000],
  ["grafana", "false", false],
  ["apiServerAddresses", "", undefined],
  ["apiServerAddresses", "10.0.0.0/24, 10.1.0.7/32", ["10.0.0.0/24", "10.1.0.7/32"]],
  ["prometheusValues", "{}", undefined],
  ["prometheusValues", '{"server":{"replicas":2}}', { server: { replicas: 2 } }],
  ["trainingTolerations", '[{"key":"gpu"}]', [{ key: "gpu" }]],
])("%s: %s is read as %p", (key, text, value) => {
  expect(configOf({ [key]: text })[key]).toEqual(value);
});

test.each<[Record<string, string>, string]>([
  // what the setting itself knows
  [{ cluster: "aws" }, "cluster must be one of current, gke, not `aws`"],
  [
    { kubeContext: "my context" },
    "kubeContext must be the name of a context, without spaces, not `my context`",
  ],
  [{ namespace: "" }, "namespace must not be empty, not ``"],
  [
    { imageRegistry: "https://example.org" },
    "imageRegistry must be a registry and path such as example.org/mlops, not `https://example.org`",
  ],
  [{ grafana: "yes" }, "grafana must be true or false, not `yes`"],
  [{ trackingReplicas: "1.5" }, "trackingReplicas must be a whole number, not `1.5`"],
  [{ trackingNodePort: "many" }, "trackingNodePort must be a whole number, not `many`"],
  [{ prometheusValues: "[]" }, "prometheusValues must be a map, not `[]`"],
  [{ trainingTolerations: "{}" }, "trainingTolerations must be a list, not `{}`"],
  [
    { gcpRegion: "europe-west1-b" },
    "gcpRegion must be a region of Google Cloud such as europe-west1, not `europe-west1-b`",
  ],
  // what the component knows that gets the value
  [{ trackingReplicas: "21" }, "trackingReplicas must be a whole number from 1 to 20"],
])("%p is refused", (given, sentence) => {
  expect(faults(given)).toEqual([sentence]);
});

test("the configuration is immutable once it is read", () => {
  expect(Object.isFrozen(configOf())).toBe(true);
});

test("all faults are in one message, each on its own line", () => {
  const given = {
    namespace: "Team",
    trackingWorkers: "none",
    replicas: "2",
    trackingReplicas: "3",
  };
  expect(faults(given)).toEqual([
    "trackingWorkers must be a whole number, not `none`",
    "replicas is not a setting; did you mean trackingReplicas or predictionReplicas?",
    "namespace must be a DNS label such as mlops: lower-case letters, digits and dashes, a letter first",
    "trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; use a bucket or set it to 1",
  ]);
});

test("a setting that was renamed is refused with what to write", () => {
  expect(faults({ monitoringImageRegistry: "mirror.example.org" })).toEqual([
    [
      "monitoringImageRegistry is imageMirror now; remove it from the stack's file and write",
      "",
      "      config:",
      "        mlops-platform:imageMirror: mirror.example.org",
      "",
    ].join("\n"),
  ]);
});

test("keys of other projects and of Pulumi itself are ignored", () => {
  const source = { name: project, get: () => undefined, isSecret: () => false };
  const given = ["pulumi:disable-default-providers", "other:replicas", "gcp:project"];
  expect(loadConfig(source, given).namespace).toBe("mlops");
});

test.each([
  [
    { alertReceivers: '{"webhook":{"url":"https://example.org/token"}}' },
    "alertReceivers is in plain text; encrypt it with `pulumi config set --secret`",
  ],
  [
    { trackingEnvironment: '{"TOKEN":"abc"}' },
    "trackingEnvironment is in plain text; encrypt it with `pulumi config set --secret`",
  ],
])("a secret in plain text is refused, and not repeated: %p", (given, sentence) => {
  expect(faults(given, { isSecret: false })).toEqual([sentence]);
  expect(faults(given)).toEqual([]);
});

test("an invalid secret is not printed either", () => {
  expect(faults({ alertReceivers: "https://token" })).toEqual(["alertReceivers must be a map"]);
});

test("services that are switched off do not share a port", () => {
  expect(faults({ trackingNodePort: "0", predictionNodePort: "0" })).toEqual([]);
  expect(faults({ grafanaNodePort: "31344", grafana: "false" })).toEqual([]);
  expect(faults({ grafanaNodePort: "31344", monitoring: "false" })).toEqual([]);
});

test("Pulumi.yaml has the same defaults as the program", () => {
  expect(configOf(defaultSettings())).toEqual(configOf());
});
