import { buildImages } from "./images.ts";
import { jest } from "./jest.ts";
import type { Outcome } from "./outcome.ts";
import { pythonStyle, pytest } from "./python.ts";
import { audit, check, compilers } from "./static.ts";
import { withTestCluster } from "./testCluster.ts";

/** A part of `npm test` that can be run by itself. */
export interface Stage {
  readonly name: string;
  /** `slow` stages run only when they are named. */
  readonly group: "static" | "python" | "unit" | "programs" | "images" | "tools" | "live" | "slow";
  readonly title: string;
  run(): Promise<Outcome>;
}

// Test files that deploy or run something: one at a time, for there is one local cluster on a machine.
const live = {
  cluster: "test/local/cluster/cluster\\.test\\.ts$",
  builtin: "test/local/engine/engine(\\.releases)?\\.test\\.ts$",
  google: "test/engine/googleCloud(\\.\\w+)?\\.test\\.ts$",
  pulumi: "test/engine/life\\.test\\.ts$",
  stores: "test/e2e/googleStores\\.test\\.ts$",
  e2e: "test/e2e/life\\.test\\.ts$",
  faults: "test/e2e/faults\\.test\\.ts$",
  autoscaling: "test/e2e/autoscaling\\.test\\.ts$",
  kills: "test/e2e/kills\\.test\\.ts$",
};
// Test files that start the apps in their Python environments.
const apps = { login: "test/login/", page: "test/page/" };
const named = { ...live, ...apps };
const alone = (name: keyof typeof named, env?: NodeJS.ProcessEnv) =>
  jest({ name, matching: [named[name]], oneAtATime: true, ...(env ? { env } : {}) });

// Test files that start a program which works for a second or more; all others are `unit`.
const programs = [
  "test/cli/bundle/",
  "test/cli/(checkoutPath|commands|platformReady|policyCheck|postgresUpgrade)\\.test\\.ts$",
  "test/cli/doctor/doctor\\.test\\.ts$",
  "test/local/engine/(deploy(\\.waits)?|googleCloud|helmRelease|kubernetesObjects)\\.test\\.ts$",
  "test/local/images/(base|push)\\.test\\.ts$",
  "test/local/support/apiServer\\.test\\.ts$",
  "test/program/clusterPorts\\.test\\.ts$",
  "test/runner/interruption\\.test\\.ts$",
];
// Test files whose program only computes, without time limits.
const tools = [
  "test/cli/newComponent\\.test\\.ts$",
  "test/components/monitoring/alerts/promtool\\.test\\.ts$",
  "test/components/monitoring/dashboards/everyPanel\\.test\\.ts$",
  "test/contract/(package|schema)\\.test\\.ts$",
  "test/layers\\.test\\.ts$",
  "test/local/charts/",
  "test/runner/typeCheck\\.test\\.ts$",
  "test/workflows/supplyChain\\.test\\.ts$",
];

/**
 * In the order of a full run: what is quick and fails most comes first, then the longest, so that both lanes end at
 * about the same time. Before the second stage that needs a Python environment there is enough to do while the first one
 * makes it.
 */
export const stages: Stage[] = [
  {
    name: "format",
    group: "static",
    title: "Prettier",
    run: () => check("prettier", "--check", "--log-level=warn", "."),
  },
  { name: "lint", group: "static", title: "ESLint", run: () => check("eslint", ".") },
  {
    name: "layers",
    group: "static",
    title: "which folder may import which",
    run: () => check("depcruise", "."),
  },
  {
    name: "types",
    group: "static",
    title: "TypeScript",
    run: () => check(compilers.go, "--noEmit"),
  },
  {
    name: "components",
    group: "static",
    title: "the component package compiles",
    run: () => check("tsc", "-p", "components"),
  },
  { name: "audit", group: "static", title: "npm audit", run: audit },
  { name: "style", group: "python", title: "Ruff", run: pythonStyle },
  {
    name: "unit",
    group: "unit",
    title: "jest without a cluster and without programs that run for long",
    run: () => jest({ name: "unit", ignoring: [...Object.values(named), ...programs, ...tools] }),
  },
  {
    name: "serving",
    group: "python",
    title: "pytest of apps/serving",
    run: () => pytest("serving", "mlflow"),
  },
  {
    name: "programs",
    group: "programs",
    title: "the command line and the engine as programs, without a cluster",
    run: () => jest({ name: "programs", matching: programs }),
  },
  {
    name: "training",
    group: "python",
    title: "pytest of apps/training",
    run: () => pytest("training", "mlflow"),
  },
  {
    name: "tracking",
    group: "python",
    title: "pytest of apps/tracking",
    run: () => pytest("tracking", "mlflow"),
  },
  {
    name: "backup",
    group: "python",
    title: "pytest of apps/backup",
    run: () => pytest("backup", "mlflow"),
  },
  {
    // long after `programs`, which takes the lock of the store too
    name: "images",
    group: "images",
    title: "the images that the stages with a cluster deploy",
    run: buildImages,
  },
  {
    name: "predict",
    group: "python",
    title: "pytest of apps/predict",
    run: () => pytest("predict", "predict"),
  },
  {
    name: "page",
    group: "python",
    title: "the prediction page and the documentation in a browser",
    run: () => alone("page"),
  },
  {
    name: "login",
    group: "python",
    title: "oauth2-proxy before the real apps",
    run: () => alone("login"),
  },
  {
    name: "monitoring",
    group: "python",
    title: "pytest of apps/monitoring",
    run: () => pytest("monitoring", "predict"),
  },
  {
    // in a full run alongside the stages below, which leave half of the CPU time idle
    name: "tools",
    group: "tools",
    title: "promtool, compilers and other tools that only compute",
    run: () => jest({ name: "tools", matching: tools, isPatient: true }),
  },
  {
    name: "cluster",
    group: "live",
    title: "life of the local cluster",
    run: () => alone("cluster"),
  },
  {
    name: "builtin",
    group: "live",
    title: "the built-in engine on the local cluster",
    run: () => withTestCluster((env) => alone("builtin", env)),
  },
  {
    name: "google",
    group: "live",
    title: "Google's provider with a fake of Google Cloud",
    run: () => alone("google"),
  },
  {
    name: "pulumi",
    group: "live",
    title: "life of a stack with the Pulumi CLI",
    run: () => alone("pulumi"),
  },
  {
    name: "stores",
    group: "live",
    title: "the data path of Google Cloud on the local cluster",
    run: () => alone("stores"),
  },
  {
    name: "e2e",
    group: "live",
    title: "life of the platform on the local cluster",
    run: () => alone("e2e"),
  },
  {
    name: "faults",
    group: "slow",
    title: "everything that happens to the platform, measured",
    run: () => alone("faults"),
  },
  {
    name: "autoscaling",
    group: "slow",
    title: "a model server that grows and shrinks under load",
    run: () => alone("autoscaling"),
  },
  {
    name: "kills",
    group: "slow",
    title: "`up` with the built-in engine, killed at ten random moments",
    run: () => alone("kills"),
  },
];
