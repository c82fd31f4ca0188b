import { RunError } from "@pulumi/pulumi";
import { configKeys, loadConfig, type PlatformConfig } from "../../program/config.ts";
import { declaredKeys, defaultSettings, project } from "../support/program.ts";
import { rows } from "./configRows.ts";

const load = (given: Record<string, string>) =>
  loadConfig(
    { name: project, get: (key) => given[key] },
    Object.keys(given).map((key) => `${project}:${key}`),
  );

/** The faults that a set of settings is refused for, one a line. */
function faults(given: Record<string, string>): string[] {
  try {
    load(given);
  } catch (error) {
    expect(RunError.isInstance(error)).toBe(true);
    const [opening, ...lines] = (error as Error).message.split("\n  - ");
    expect(opening).toBe(
      "the configuration is wrong; mend the stack's settings with `pulumi config set KEY VALUE` or in its Pulumi.<stack>.yaml:",
    );
    return lines;
  }
  return [];
}

test.each(Object.entries(rows))("%s", (key, row) => {
  const { otherwise, takes, refuses, rule, with: needed = {}, isSecret = false } = row;
  const of = (config: PlatformConfig) => config[key as keyof PlatformConfig];
  expect(of(load({}))).toEqual(otherwise);
  for (const [text, value] of Object.entries(takes)) {
    expect(of(load({ ...needed, [key]: text }))).toEqual(value);
  }
  for (const text of refuses) {
    expect(faults({ ...needed, [key]: text })).toEqual([
      isSecret ? `${key} must ${rule}` : `${key} must ${rule}, not \`${text}\``,
    ]);
  }
});

test("nobody changes the configuration once it is read", () => {
  expect(Object.isFrozen(load({}))).toBe(true);
});

test("all faults come in one message, each on a line of its own", () => {
  const given = {
    namespace: "Team",
    servingReplicas: "none",
    replicas: "2",
    trackingReplicas: "3",
  };
  expect(faults(given)).toEqual([
    "namespace must be a DNS label such as mlops, not `Team`",
    "servingReplicas must be a whole number from 1 to 100, not `none`",
    `replicas is not a setting; the settings are ${configKeys.join(", ")}`,
    "trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; set it to 1 or dataStores to gcp",
  ]);
});

test("keys of other projects and of Pulumi itself are none of its business", () => {
  const source = { name: project, get: () => undefined };
  const given = ["pulumi:disable-default-providers", "other:replicas", "gcp:project"];
  expect(loadConfig(source, given).namespace).toBe("mlops");
});

test.each([
  [
    { modelName: "churn", trainingSchedule: "0 3 * * *" },
    "trainingSchedule requires training code of modelName; make models/churn with `npm run new:model churn` or leave the schedule empty",
  ],
  [
    { servingReplicas: "4", servingMaxReplicas: "3" },
    "servingMaxReplicas must not be below servingReplicas (4); raise it or set it to 0",
  ],
  [
    { trackingNodePort: "31344" },
    "trackingNodePort, servingNodePort, predictionNodePort and grafanaNodePort must differ; choose another port",
  ],
  [
    { grafanaNodePort: "31344" },
    "trackingNodePort, servingNodePort, predictionNodePort and grafanaNodePort must differ; choose another port",
  ],
])("%p contradicts itself", (given, sentence) => {
  expect(faults(given)).toEqual([sentence]);
});

test("services that are switched off do not share a port", () => {
  expect(faults({ trackingNodePort: "0", servingNodePort: "0" })).toEqual([]);
  expect(faults({ grafanaNodePort: "31344", grafana: "false" })).toEqual([]);
  expect(faults({ grafanaNodePort: "31344", monitoring: "false" })).toEqual([]);
});

describe("Pulumi.yaml", () => {
  const declared = declaredKeys();

  test("declares exactly the keys that are read", () => {
    expect(Object.keys(declared).sort()).toEqual([...configKeys].sort());
  });

  test("has the defaults that hold without it", () => {
    expect(load(defaultSettings())).toEqual(load({}));
  });

  test.each(Object.entries(declared))(
    "%s has the type of its default and says what it is",
    (_, key) => {
      const types: Record<string, string> = {
        number: "integer",
        boolean: "boolean",
        string: "string",
        object: "object",
      };
      expect(key.type).toBe(types[typeof key.default]);
      expect(key.description).toMatch(/^[A-Z].*\.$/);
    },
  );
});
