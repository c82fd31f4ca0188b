import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkoutRoot } from "../../local/support/cache.ts";
import { marker } from "../../ci/comment.ts";
import { run } from "../../local/support/process.ts";
import { goProgram, reasonToSkipGo } from "../support/goProgram.ts";

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}
interface Job {
  if?: string;
  environment?: string;
  strategy?: { matrix: { include: object[] } };
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  steps: Step[];
}
interface Workflow {
  permissions?: Record<string, string>;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  jobs: Record<string, Job>;
}

const folder = join(checkoutRoot, ".github", "workflows");
const files = readdirSync(folder).sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
const workflow = (file: string) => parse(texts.get(file)!) as Workflow;
const jobs = files.flatMap((file) =>
  Object.entries(workflow(file).jobs).map(([name, job]) => [`${file} ${name}`, job] as const),
);
const writes = ({ permissions = {} }: Job) =>
  Object.entries(permissions).filter(([what, right]) => right === "write" && what !== "id-token");

test("all workflows of the platform exist", () => {
  expect(files).toEqual([
    "audit.yml",
    "ci.yml",
    "deploy.yml",
    "drift.yml",
    "preview.yml",
    "release.yml",
  ]);
});

describe.each(files)("%s", (file) => {
  test("pins every action to a commit and names its version", () => {
    const uses = texts
      .get(file)!
      .split("\n")
      .filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("gives no job more rights than it needs, and runs one at a time", () => {
    const { permissions, concurrency } = workflow(file);
    expect([{}, { contents: "read" }]).toContainEqual(permissions);
    expect(concurrency?.group).toEqual(expect.any(String));
  });
});

describe.each(jobs)("%s", (_, job) => {
  test("passes text of others to scripts only as variables", () => {
    for (const { run: script } of job.steps) expect(script ?? "").not.toContain("${{");
  });

  test("ends by itself", () => expect(job["timeout-minutes"]).toEqual(expect.any(Number)));

  test("keeps no credentials of git", () => {
    const text = JSON.stringify(job.steps.filter(({ uses }) => uses?.includes("checkout")));
    if (text !== "[]") expect(text).toContain('"persist-credentials":false');
  });
});

test("the Pulumi CLI has the version of the SDK everywhere", () => {
  const manifest = readFileSync(join(checkoutRoot, "package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  const installs = jobs
    .flatMap(([, { steps }]) => steps)
    .filter(({ uses }) => uses?.startsWith("pulumi/actions@"));
  expect(installs).toHaveLength(5);
  for (const step of installs) {
    expect(step.with?.["pulumi-version"]).toBe(dependencies["@pulumi/pulumi"]);
  }
});

describe("who may do what", () => {
  test("jobs that may write on GitHub run none of the repository's code", () => {
    const writers = jobs.filter(([, job]) => writes(job).length > 0);
    expect(writers.map(([name]) => name)).toEqual([
      "drift.yml issue",
      "preview.yml comment",
      "release.yml github",
    ]);
    for (const [, job] of writers) {
      expect(writes(job)).toHaveLength(1);
      expect(JSON.stringify(job.steps)).not.toContain("checkout");
    }
  });

  test("forks get no credentials: neither Google's nor Pulumi's", () => {
    const { plan, provider, comment } = workflow("preview.yml").jobs;
    expect(plan?.if).toContain(
      "github.event.pull_request.head.repo.full_name == github.repository",
    );
    expect(provider?.permissions).toEqual({ contents: "read" });
    expect(JSON.stringify(provider)).not.toMatch(/secrets\.|vars\./);
    expect(comment?.if).toContain("needs.plan.result != 'skipped'");
    expect(texts.get("preview.yml")).not.toContain("pull_request_target");
  });

  test("a pull request and the search for drift use the account that may only read", () => {
    const accounts = (file: string) => [
      ...new Set([...texts.get(file)!.matchAll(/GCP_\w+_SERVICE_ACCOUNT/g)].map(([name]) => name)),
    ];
    expect(accounts("preview.yml")).toEqual(["GCP_PREVIEW_SERVICE_ACCOUNT"]);
    expect(accounts("drift.yml")).toEqual(["GCP_PREVIEW_SERVICE_ACCOUNT"]);
    expect(accounts("deploy.yml")).toEqual(["GCP_DEPLOY_SERVICE_ACCOUNT"]);
  });

  test("jobs that can decrypt the state run in an environment, which sets approvers and branch", () => {
    const holders = jobs.filter(([, job]) => /secrets\.PULUMI/.test(JSON.stringify(job)));
    expect(holders.map(([name, { environment }]) => [name, environment])).toEqual([
      ["deploy.yml gke", "production"],
      ["drift.yml gke", "drift"],
      ["preview.yml plan", "${{ matrix.environment }}"],
    ]);
    const { include } = workflow("preview.yml").jobs["plan"]!.strategy!.matrix;
    expect(include).toEqual([
      { stack: "dev", google: false, environment: "preview-dev" },
      { stack: "gke", google: true, environment: "preview" },
    ]);
  });

  test("Google accepts each account only in its environment, and only from pull requests and main", () => {
    const guide = readFileSync(join(checkoutRoot, "docs", "how-to", "pull-requests.md"), "utf8");
    const members = [...guide.matchAll(/--member "(principal[^"]*)"/g)].map(([, member]) => member);
    expect(members).toEqual([
      "principal://$POOL/subject/repo:$REPOSITORY:environment:$ENVIRONMENT",
      "principal://$POOL/subject/repo:$REPOSITORY:environment:production",
    ]);
    expect(guide).toContain("for ENVIRONMENT in preview drift");
    expect(guide).toContain(
      "(assertion.event_name == 'pull_request' || assertion.ref == 'refs/heads/main')",
    );
  });

  test("a deployment is approved, and not cancelled by the next one", () => {
    const deploy = workflow("deploy.yml");
    expect(deploy.jobs["gke"]?.environment).toBe("production");
    expect(deploy.concurrency?.["cancel-in-progress"]).toBe(false);
  });
});

test("the comment is identified by the line that the command writes", () => {
  expect(texts.get("preview.yml")).toContain(marker("$stack"));
});

// SECURITY.md: A policy pack judges what `npm run preview`, `npm run up` and the workflows are
// about to do, and what breaks it is not deployed.
test("the policies judge pull requests and deployments", () => {
  for (const file of ["preview.yml", "deploy.yml"]) {
    expect(texts.get(file)!.replaceAll(/\\\n\s*/g, "")).toMatch(
      /pulumi preview .*--policy-pack policy --policy-pack-config policy\/config\.json/,
    );
  }
});

test("no protection is bypassed", () => {
  for (const text of texts.values()) expect(text).not.toContain("--ignore-protect");
});

const reason = reasonToSkipGo("actionlint");
const linted = reason === undefined ? test : test.skip;
linted(
  `actionlint finds nothing${reason ? ` (skipped: ${reason})` : ""}`,
  async () => {
    expect(
      await run(await goProgram("actionlint"), [
        "-no-color",
        ...files.map((file) => join(folder, file)),
      ]),
    ).toBe("");
  },
  10 * 60_000,
);
