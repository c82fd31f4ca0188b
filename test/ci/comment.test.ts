import { type CommentOptions, marker, previewComment } from "../../ci/comment.ts";
import { readPlan } from "../../ci/plan.ts";
import { type Planned, planOf, platform, types } from "./plans.ts";

const comment = (resources: Planned[], options: Partial<CommentOptions> = {}) =>
  previewComment(readPlan(planOf(...resources)), { stack: "gke", acknowledged: [], ...options });
const database = { type: types.database, name: "mlops-cloud-sql" };

test("reports the plan, the data at risk and the cost", () => {
  const { markdown, refusals } = comment(platform("same", "db-custom-1-3840"));
  expect(refusals).toEqual([]);
  expect(markdown).toMatchInlineSnapshot(`
    "<!-- mlops-platform preview of gke -->
    ### Preview of stack \`gke\`: 1 to update, 8 unchanged

    No data is at risk.

    **Cost:** 143.29 → 184.93 US dollars a month (+41.64)

    <details><summary>By component</summary>

    | Component | What | Was | Now | Change |
    | --- | --- | ---: | ---: | ---: |
    | \`mlops-bucket\` | storage, about 100 GB | 2.00 | 2.00 |  |
    | \`mlops-cloud-sql\` | db-custom-1-3840, zonal; disk, 10 GB SSD | 9.37 | 51.01 | +41.64 |
    | \`mlops-gke\` | cluster management; 1 × e2-standard-2; boot disks, 100 GB of pd-balanced | 131.92 | 131.92 |  |
    | **total** | | 143.29 | 184.93 | +41.64 |

    List prices of us-central1 as of 2026-11-22.

    </details>

    <details><summary>Plan</summary>

    \`\`\`diff
    ~ DatabaseInstance mlops-cloud-sql
    \`\`\`

    </details>
    "
  `);
});

test("an empty plan is short", () => {
  expect(comment([]).markdown).toBe(
    [
      marker("gke"),
      "### Preview of stack `gke`: nothing to do",
      "",
      "No data is at risk.",
      "",
      "**Cost:** 0 US dollars a month: this stack creates nothing on Google Cloud; everything runs on your own cluster.",
      "",
    ].join("\n"),
  );
});

describe("data", () => {
  test.each<[string, Planned, string[]]>([
    [
      "a database that is replaced",
      { ...database, op: "replace", because: ["region"] },
      [
        "mlops-cloud-sql holds data that this change loses; acknowledge the loss, or undo the change",
      ],
    ],
    [
      "a bucket that is deleted",
      { type: types.bucket, name: "mlops-bucket", op: "delete" },
      ["mlops-bucket holds data that this change loses; acknowledge the loss, or undo the change"],
    ],
    ["a claim", { type: types.claim, op: "delete" }, [expect.stringContaining("it holds data")]],
    ["a cluster", { type: types.cluster, op: "replace" }, [expect.stringContaining("it holds")]],
    [
      "a password",
      { type: "random:index/randomPassword:RandomPassword", op: "replace" },
      [expect.stringContaining("it holds data")],
    ],
    ["a new database", { ...database, op: "create" }, []],
    ["a database that changes in place", { ...database, op: "update" }, []],
    ["a Deployment that is replaced", { type: types.deployment, op: "replace" }, []],
    ["protection that is lifted", { ...database, op: "update", wasProtected: true }, []],
  ])("%s", (_, resource, expected) => {
    expect(comment([resource]).refusals).toEqual(expected);
  });

  test("the comment says what is lost, and why", () => {
    expect(comment([{ ...database, op: "replace", because: ["region"] }]).markdown).toContain(
      "- `mlops-cloud-sql` (DatabaseInstance) is replaced because of region, which loses every experiment, model version and user\n",
    );
    expect(comment([{ ...database, op: "update", wasProtected: true }]).markdown).toContain(
      "- `mlops-cloud-sql` (DatabaseInstance) is no longer protected from deletion\n",
    );
  });

  test("is acknowledged by its name, or all of it at once, and by no other name", () => {
    const gone: Planned[] = [
      { ...database, op: "delete" },
      { ...database, name: "two", op: "delete" },
    ];
    const refused = (...acknowledged: string[]) => comment(gone, { acknowledged }).refusals.length;
    expect([refused(), refused("two"), refused("two", "mlops-cloud-sql")]).toEqual([2, 1, 0]);
    expect([refused("*"), refused("mlops"), refused("")]).toEqual([0, 2, 2]);
  });
});

describe("secrets", () => {
  const provider = { type: "pulumi:providers:gcp", name: "google" };
  test.each<[string, object, string[]]>([
    ["marked", { accessToken: "[secret]", credentials: "[secret]" }, []],
    ["known later", { credentials: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }, []],
    ["not there", { project: "acme-ml", credentials: "" }, []],
    ["the name of a Secret", { spec: { secretName: "db", existingSecret: "grafana" } }, []],
    ["in plaintext", { accessToken: "ya29.abc" }, ["accessToken"]],
    ["deep in plaintext", { values: { smtp: { password: "hunter2" } } }, ["values.smtp.password"]],
    ["a key in plaintext", { data: { note: "-----BEGIN PRIVATE KEY-----\nMII" } }, ["data.note"]],
  ])("%s", (_, inputs, paths) => {
    const { refusals, markdown } = comment([{ ...provider, inputs }]);
    expect(
      refusals.map((sentence) => /^google: (\S+) is in plaintext/.exec(sentence)?.[1]),
    ).toEqual(paths);
    for (const secret of ["ya29", "hunter2", "MII"]) {
      expect(markdown + refusals.join()).not.toContain(secret);
    }
  });
});

test("only the policies are copied from the output of a preview", () => {
  const printed = [
    "Previewing update (gke):",
    "Policies:",
    "    ❌ mlops-platform@v0.1.0 (local: policy)",
    "        - [mandatory]  monthly-budget",
    "",
    "Resources:",
    "    + 81 to create",
  ].join("\n");
  const { markdown } = comment([], { policies: printed });
  expect(markdown).toContain(
    "```\n    ❌ mlops-platform@v0.1.0 (local: policy)\n        - [mandatory]  monthly-budget\n```",
  );
  expect(markdown).not.toMatch(/Previewing|81 to create/);
  expect(comment([], { policies: "error: no such stack" }).markdown).not.toContain("Policies");
});

test("no text of a pull request becomes markup, mentions a user or leaves its fence", () => {
  const name = "x` <img src=//evil> @everyone ``` | [a](b)";
  const { markdown } = comment(
    [
      { ...database, name, op: "replace", because: ["@team `x`"] },
      { type: types.deployment, name },
    ],
    { policies: "Policies:\n    ```\n    @everyone" },
  );
  const outside = markdown
    .replace(/(`{3,})[a-z]*\n[\s\S]*?\n\1\n/g, "")
    .replace(/`[^`\n]*`/g, "")
    .replace(/<\/?(details|summary)( open)?>/g, "")
    .replaceAll(marker("gke"), "");
  expect(outside).not.toMatch(/(?<!\\)@|<img|(?<!\\)\[a\]/);
});

test("a huge plan and huge messages stay within GitHub's limit", () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    type: types.deployment,
    name: `deployment-${index}-${"x".repeat(60)}`,
  }));
  const { markdown } = comment(many, { policies: `Policies:\n    ${"y".repeat(100_000)}` });
  expect(markdown.length).toBeLessThan(65_536);
  expect(markdown).toContain("… and 2850 more");
});

test.each(["", "not json", "{"])("what is no plan is refused: %p", (text) => {
  expect(() => readPlan(text)).toThrow(
    "the plan is not JSON; create it with `pulumi preview --json",
  );
});
