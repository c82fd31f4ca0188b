import { jest } from "./jest.ts";
import type { Outcome } from "./outcome.ts";
import { pythonStyle, pytest } from "./python.ts";
import { audit, check } from "./static.ts";
import { withTestCluster } from "./testCluster.ts";

/** A part of `npm test` that can be run by itself. */
export interface Stage {
  readonly name: string;
  readonly group: "static" | "python" | "unit" | "live";
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
  // no cluster, but the Python environments that the lanes before it make
  login: "test/login/",
  page: "test/page/",
};

/** In the order of a full run: what is quick and fails most comes first. */
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
  { name: "types", group: "static", title: "TypeScript", run: () => check("tsc", "--noEmit") },
  {
    name: "components",
    group: "static",
    title: "the component package compiles",
    run: () => check("tsc", "-p", "components"),
  },
  { name: "audit", group: "static", title: "npm audit", run: audit },
  { name: "style", group: "python", title: "Ruff", run: pythonStyle },
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
    name: "serving",
    group: "python",
    title: "pytest of apps/serving",
    run: () => pytest("serving", "mlflow"),
  },
  {
    name: "training",
    group: "python",
    title: "pytest of apps/training",
    run: () => pytest("training", "mlflow"),
  },
  {
    name: "predict",
    group: "python",
    title: "pytest of apps/predict",
    run: () => pytest("predict", "predict"),
  },
  {
    name: "monitoring",
    group: "python",
    title: "pytest of apps/monitoring",
    run: () => pytest("monitoring", "predict"),
  },
  {
    name: "unit",
    group: "unit",
    title: "jest without a cluster",
    run: () => jest({ name: "unit", ignoring: Object.values(live) }),
  },
  {
    name: "cluster",
    group: "live",
    title: "life of the local cluster",
    run: () => jest({ name: "cluster", matching: live.cluster }),
  },
  {
    name: "login",
    group: "live",
    title: "oauth2-proxy before the real apps",
    run: () => jest({ name: "login", matching: live.login }),
  },
  {
    name: "page",
    group: "live",
    title: "the prediction page in a browser",
    run: () => jest({ name: "page", matching: live.page }),
  },
  {
    name: "builtin",
    group: "live",
    title: "the built-in engine on the local cluster",
    run: () => withTestCluster((env) => jest({ name: "builtin", matching: live.builtin, env })),
  },
  {
    name: "google",
    group: "live",
    title: "Google's provider with a fake of Google Cloud",
    run: () => jest({ name: "google", matching: live.google }),
  },
  {
    name: "pulumi",
    group: "live",
    title: "life of a stack with the Pulumi CLI",
    run: () => jest({ name: "pulumi", matching: live.pulumi }),
  },
  {
    name: "stores",
    group: "live",
    title: "the data path of Google Cloud on the local cluster",
    run: () => jest({ name: "stores", matching: live.stores }),
  },
  {
    name: "e2e",
    group: "live",
    title: "life of the platform on the local cluster",
    run: () => jest({ name: "e2e", matching: live.e2e }),
  },
];
