import {
  renderTree,
  Report,
  type ResourceChange,
  summaryOf,
} from "../../../local/engine/report.ts";
import { secret } from "../../../local/support/propertyValues.ts";

const change = (name: string, more: Partial<ResourceChange> = {}): ResourceChange => ({
  ...{ urn: name, type: "kubernetes:apps/v1:Deployment", name, isReal: true },
  ...{ action: "create", reasons: [], changes: [] },
  ...more,
});
const plan = [
  change("platform", { type: "mlops:index:MlopsPlatform", isReal: false }),
  change("server", { parent: "platform" }),
  change("page", {
    action: "update",
    changes: [
      { path: ["spec", "replicas"], kind: "change", old: "1", new: "2" },
      { path: ["metadata", "labels", "a"], kind: "delete", old: '"b"' },
    ],
  }),
  change("job", { action: "replace", reasons: ["the last one failed"] }),
];

test("a plan is a tree with the reasons below what changes", () => {
  expect(renderTree(plan).split("\n")).toEqual([
    " + mlops:index:MlopsPlatform         platform  create",
    " +    kubernetes:apps/v1:Deployment  server    create",
    " ~ kubernetes:apps/v1:Deployment     page      update",
    "           ~ spec.replicas: 1 => 2",
    '           - metadata.labels.a: "b"',
    " ± kubernetes:apps/v1:Deployment     job       replace",
    "           the last one failed",
  ]);
});

test("a summary counts real resources, in the words of a plan or of a run", () => {
  expect(summaryOf(plan, true)).toBe("1 to create, 1 to update, 1 to replace");
  expect(summaryOf(plan, false)).toBe("1 created, 1 updated, 1 replaced");
  expect(summaryOf([], true)).toBe("nothing to do");
});

describe("a log", () => {
  let lines: string[];
  beforeEach(() => {
    lines = [];
    jest.useFakeTimers();
    jest.spyOn(process.stderr, "write").mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  test("prints at most one line about waiting every 20 seconds", () => {
    const report = new Report();
    const waits = ["one", "other"].map((name) => report.waiting(`Deployment ${name}`));
    for (let tick = 0; tick < 240; tick += 1) {
      jest.advanceTimersByTime(250);
      waits.forEach((wait) => wait(`look ${tick}`));
    }
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe("   … Deployment one: look 79 (20.0 s)\n");
  });

  test("shows no secret that the run knows, in plaintext or as Kubernetes encodes it", () => {
    const report = new Report();
    report.hide({ password: secret("correct-Horse-7"), user: secret("mlflow") });
    const encoded = Buffer.from("correct-Horse-7").toString("base64");
    expect(report.scrub(`mlflow: correct-Horse-7 is ${encoded}`)).toBe(
      "mlflow: [secret] is [secret]",
    );
  });
});
