// Which folder may import which: floors of one house, from the ground up. Type imports count.

/** Each floor may import from itself and from the floors below it. */
const floors = [
  ["components/core", "components/cost"],
  ["components/kubernetes"],
  ["components/google"],
  ["components/tracking"],
  ["components/training", "components/monitoring"],
  [
    "components/stores",
    "components/serving",
    "components/prediction",
    "components/access",
    "components/dask",
    "components/ray",
    "components/backup",
  ],
  ["components/platform"],
  ["components/index.ts"],
  ["program"],
  ["index.ts"],
];

/** Plain tables and functions of the components that others read without loading a provider. */
const plain = [
  "backup/names",
  "core/imageMirror",
  "core/nearest",
  "core/secretTexts",
  "core/services",
  "core/slug",
  "google/gkeArguments",
  "google/gkeMachines",
  "google/googleRegions",
  "kubernetes/ownershipMarks",
  "monitoring/alerts/index",
  "monitoring/chartValues",
  "monitoring/charts",
  "monitoring/dashboards/index",
  "monitoring/grafanaAccess",
  "monitoring/metrics",
  "platform/arguments",
  "stores/arguments",
  "stores/cloudSqlArguments",
  "stores/cloudSqlTiers",
  "cost/index",
  "cost/inputs",
];

const within = (path) => `^${path.replaceAll(".", "\\.")}(/|$)`;
const anyOf = (paths) => paths.map(within).join("|");

const upwards = floors.flatMap((floor, height) =>
  floor.map((folder) => {
    const siblings = floor.filter((other) => other !== folder);
    const above = floors.slice(height + 1).flat();
    return {
      name: `${folder}-imports-upwards`,
      severity: "error",
      from: { path: within(folder) },
      to: { path: anyOf([...siblings, ...above, "cli", "local", "ci", "tools", "policy", "test"]) },
    };
  }),
);

export default {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { circular: true },
    },
    ...upwards,
    {
      name: "components-by-their-index",
      comment: "import from components/index.ts",
      severity: "error",
      from: { pathNot: "^(components|test)/" },
      to: {
        path: "^components/",
        pathNot: `^components/(index|${plain.join("|")})\\.ts$`,
      },
    },
    {
      name: "engine-by-its-index",
      comment: "import from local/engine/index.ts",
      severity: "error",
      from: { pathNot: "^(local/engine|test)/" },
      to: { path: "^local/engine/", pathNot: "^local/engine/index\\.ts$" },
    },
    {
      name: "engine-knows-no-platform",
      severity: "error",
      from: { path: "^local/engine/" },
      to: { pathNot: "^local/(engine/|support/|(helm|cluster)/index\\.ts$)|node_modules" },
    },
    {
      name: "only-commands-know-commands",
      severity: "error",
      from: { path: "^(local|ci|tools|policy)/" },
      to: { path: anyOf(["cli", "index.ts"]) },
    },
  ],
  options: {
    includeOnly: anyOf([
      ...floors.flat(),
      "cli",
      "local",
      "ci",
      "tools",
      "policy",
      "bench",
      "test",
    ]),
    exclude: { path: "^components/bin/|^(components|policy|tools/typescript)/node_modules/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".mjs", ".js"] },
  },
};
