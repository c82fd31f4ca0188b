import { faultsOf } from "../../../components/core/checks.ts";
import { checkGrafanaSettings } from "../../../components/monitoring/arguments.ts";
import { chartSource, officialCharts } from "../../../components/monitoring/charts.ts";

const faults = (chart: unknown) =>
  faultsOf({ chart }, checkGrafanaSettings).map(({ reason }) => reason);

const official = officialCharts.prometheus;
const { version } = official;

test.each([
  ["nothing", undefined, { chart: official.reference, version }],
  ["a version", { version: "30.0.0" }, { chart: official.reference, version: "30.0.0" }],
  [
    "a mirror of the registry",
    { chart: "oci://mirror.example.org/prometheus" },
    { chart: "oci://mirror.example.org/prometheus", version },
  ],
  [
    "a repository",
    { repository: "https://charts.example.org" },
    { chart: "prometheus", version, repositoryOpts: { repo: "https://charts.example.org" } },
  ],
  [
    "a chart in a repository",
    { repository: "https://charts.example.org", chart: "mine", version: "1.2.3" },
    { chart: "mine", version: "1.2.3", repositoryOpts: { repo: "https://charts.example.org" } },
  ],
  ["a folder", { chart: "./local/charts/prometheus" }, { chart: "./local/charts/prometheus" }],
  ["an archive", { chart: "/opt/prometheus.tgz" }, { chart: "/opt/prometheus.tgz" }],
])("the chart comes from %s", (_, args, source) => {
  expect(faults(args)).toEqual([]);
  expect(chartSource(official, args)).toEqual(source);
});

test.each(["latest", "29", "^29.27.0", "29.x", ""])("the version %s is refused", (floating) => {
  expect(faults({ version: floating })).toEqual([
    "chart.version must be an exact version such as 29.27.0, so that the same program deploys the same chart",
  ]);
});

test("an OCI reference has no repository", () => {
  const args = { chart: "oci://example.org/prometheus", repository: "https://example.org" };
  expect(faults(args)).toEqual([
    "chart.repository and an OCI reference exclude each other; leave chart.repository out",
  ]);
});
