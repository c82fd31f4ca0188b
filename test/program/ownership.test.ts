import type * as pulumi from "@pulumi/pulumi";
import { stackAnnotation, stateLabel } from "../../components/kubernetes/ownershipMarks.ts";
import { configOf } from "../support/config.ts";
import {
  type LiveNamespace,
  namespaceRefusal,
  refuseForeignNamespaces,
} from "../../program/ownership.ts";
import { platformNamespaces } from "../../program/platform.ts";
import { runProgram } from "../support/program.ts";
import { record } from "../support/recorder.ts";

const partOf = { "app.kubernetes.io/part-of": "mlops-platform" };
const marked = (stack: string, id: string, uid = "1"): LiveNamespace => ({
  metadata: {
    name: "ml",
    uid,
    labels: { ...partOf, [stateLabel]: id },
    annotations: { [stackAnnotation]: stack },
  },
});
const claim = (uid?: string) => ({ stack: "mlops/dev", hasId: (id: string) => id === "own", uid });

describe("owner of a namespace", () => {
  test.each<[string, LiveNamespace, string | undefined]>([
    ["made by this state", marked("mlops/dev", "own"), "1"],
    [
      "created by this state in a run that was killed before it was recorded",
      marked("mlops/dev", "own"),
      undefined,
    ],
    [
      "made by an earlier version that did not mark it",
      { metadata: { name: "ml", uid: "1", labels: partOf } },
      "1",
    ],
  ])("the stack continues in one that was %s", (_, live, uid) => {
    expect(namespaceRefusal(live, claim(uid))).toBeUndefined();
  });

  test.each<[string, LiveNamespace, string | undefined, RegExp]>([
    [
      "of an unrelated team",
      { metadata: { name: "ml", uid: "1" } },
      undefined,
      /namespace ml already exists, and the stack mlops\/dev did not create it; .*another `namespace`/,
    ],
    [
      "deleted and created again by another user",
      { metadata: { name: "ml", uid: "2" } },
      "1",
      /already exists/,
    ],
    [
      "of another stack",
      marked("mlops/staging", "other"),
      undefined,
      /belongs to another stack, mlops\/staging; .*another `namespace`/,
    ],
    [
      "of another checkout",
      marked("mlops/dev", "other"),
      undefined,
      /belongs to the stack mlops\/dev, but not to this state: it was deployed from another checkout, or this checkout's state of it is lost; .*npm run recover -- --stack dev/,
    ],
    [
      "recovered by another checkout",
      marked("mlops/dev", "other"),
      "1",
      /another checkout has recovered it since/,
    ],
    [
      "of an earlier version's platform whose state is elsewhere",
      { metadata: { name: "ml", uid: "1", labels: partOf } },
      undefined,
      /an earlier version deployed, and the stack mlops\/dev has no state of it/,
    ],
  ])("the stack leaves one alone that is %s", (_, live, uid, sentence) => {
    const refusal = namespaceRefusal(live, claim(uid));
    expect(refusal).toMatch(sentence);
    expect(refusal).toContain("nothing was changed");
  });
});

describe("with only the Pulumi CLI", () => {
  const namespaces: Record<string, LiveNamespace> = {
    "team-x": { metadata: { name: "team-x" } },
    killed: marked("test/dev", "own"),
  };

  /** What is called before a namespace is made, in previews too. */
  async function beforeCreate(newInputs: object): Promise<void> {
    const config = configOf();
    const { result } = await record(() => {
      const type = "kubernetes:core/v1:Namespace";
      const args = { type, name: "ns", props: {}, opts: {} } as pulumi.ResourceTransformationArgs;
      const transform = refuseForeignNamespaces(config, async (name) => namespaces[name]);
      return transform(args)?.opts.hooks?.beforeCreate?.[0] as pulumi.ResourceHook;
    });
    expect(result.opts).toMatchObject({ onDryRun: true });
    await result.callback({ urn: "", id: "", name: "ns", type: "", newInputs });
  }

  test("a preview refuses an existing namespace", async () => {
    await expect(beforeCreate({ metadata: { name: "team-x" } })).rejects.toThrow(
      "the namespace team-x already exists, and the stack test/dev did not create it",
    );
  });

  test("a missing namespace is created, and one of a killed run is passed to the provider", async () => {
    await beforeCreate({ metadata: { name: "free" } });
    await beforeCreate({ metadata: { name: "killed", labels: { [stateLabel]: "own" } } });
  });
});

test.each([
  {},
  { namespace: "team" },
  { nodeExporter: false },
  { monitoring: false, nodeExporter: true },
])("every namespace that the program makes is checked first: %j", async (settings) => {
  const { resources } = await runProgram(settings);
  const made = resources
    .filter(({ type }) => type === "kubernetes:core/v1:Namespace")
    .map(({ inputs }) => (inputs["metadata"] as { name: string }).name);
  const config = { namespace: "mlops", monitoring: true, nodeExporter: true, ...settings };
  expect(platformNamespaces(config as never).sort()).toEqual(made.sort());
});
