import type { PlatformConfig } from "../../program/config.ts";
import { googleRows } from "./googleConfigRows.ts";
import { onOff, ranges, type Row } from "./rowShape.ts";

const size = "be a quantity of bytes such as";
const port = {
  otherwise: undefined,
  takes: { "": undefined, "0": 0, "30000": 30000, "32767": 32767 },
  refuses: ["80", "29999", "32768", "many", " ", "30001.5"],
  rule: "be 0 or a port from 30000 to 32767",
};
const chart = {
  takes: {
    "": undefined,
    "oci://example.org/prometheus": "oci://example.org/prometheus",
    "/My Drive/chart": "/My Drive/chart",
    "../my chart": "../my chart",
  },
  refuses: ["a chart", "oci://example.org/a chart"],
  rule: "be an OCI reference, a path or a chart's name",
};
const chartVersion = {
  takes: { "": undefined, "1.2.3": "1.2.3", "1.2.3-rc.1": "1.2.3-rc.1" },
  refuses: ["latest", "^1.2.3", "1.2"],
  rule: "be an exact version such as 29.27.0",
};
const map = {
  takes: { '{"server":{"replicas":2}}': { server: { replicas: 2 } } },
  refuses: ["", "server", "[]", "3", "null", "{"],
  rule: "be a map of settings",
};
export const rows: { [Key in keyof Required<PlatformConfig>]: Row<Key> } = {
  ...googleRows,
  kubeContext: {
    otherwise: undefined,
    takes: { "": undefined, minikube: "minikube", "arn:aws:eks/x": "arn:aws:eks/x" },
    refuses: ["my context"],
    rule: "be the name of a context, without spaces",
  },
  nodeAddress: {
    otherwise: undefined,
    takes: { "": undefined, "10.0.0.7": "10.0.0.7", "[2001:db8::1]": "[2001:db8::1]" },
    refuses: ["http://node", "node:8080", "*", "-"],
    rule: "be a host name or an address, without scheme and port",
  },
  apiServerAddresses: ranges,
  dnsAddresses: ranges,
  namespace: {
    otherwise: "mlops",
    takes: { "team-1": "team-1" },
    refuses: ["", "Team", "1team", "team-", "a".repeat(64)],
    rule: "be a DNS label such as mlops",
  },
  imageRegistry: {
    otherwise: "localhost/mlops",
    takes: { "example.org:5000/a/b": "example.org:5000/a/b" },
    refuses: ["", "https://example.org", "example.org/", "Example.org"],
    rule: "be a registry and path such as example.org/mlops",
  },
  postgresImage: {
    otherwise: undefined,
    takes: { "": undefined, "localhost:5000/postgres:17.6": "localhost:5000/postgres:17.6" },
    refuses: ["postgres", "localhost:5000/postgres", "postgres@sha256:12", "postgres:latest"],
    rule: "be an image with a digest or with a tag other than latest",
  },
  storageClassName: {
    otherwise: undefined,
    takes: { "": undefined, "premium-rwo": "premium-rwo" },
    refuses: ["Premium RWO"],
    rule: "be the name of a storage class",
  },
  databaseStorageSize: {
    otherwise: "8Gi",
    takes: { "500Mi": "500Mi" },
    refuses: ["", "8", "8GB", "0Gi"],
    rule: `${size} 8Gi`,
  },
  artifactStorageSize: {
    otherwise: "20Gi",
    takes: { "1Ti": "1Ti" },
    refuses: ["", "20", "20G"],
    rule: `${size} 20Gi`,
  },
  modelName: {
    otherwise: "diabetes-progression",
    takes: { "Wine quality": "Wine quality" },
    refuses: ["", "a/b", "a:b", "-a"],
    rule: "start with a letter or digit and hold no `/` or `:`",
  },
  modelAlias: {
    otherwise: "champion",
    takes: { best_one: "best_one", version1: "version1" },
    refuses: ["", "v1", "1st", "the best"],
    rule: "be a word such as champion, and not of the form v1",
  },
  experimentName: {
    otherwise: undefined,
    takes: { "": undefined, "/Shared/wine": "/Shared/wine" },
    refuses: [" wine", "a".repeat(257)],
    rule: "be a name of 1 to 256 characters",
  },
  trackingReplicas: {
    otherwise: 1,
    takes: { "1": 1 },
    refuses: ["0", "21", "", "one", "1.5", "true"],
    rule: "be a whole number from 1 to 20",
  },
  servingReplicas: {
    otherwise: 1,
    takes: { "100": 100 },
    refuses: ["0", "101", "", "-1"],
    rule: "be a whole number from 1 to 100",
  },
  servingMaxReplicas: {
    otherwise: undefined,
    takes: { "0": undefined, "7": 7 },
    refuses: ["-1", "1001", ""],
    rule: "be a whole number from 0 to 1000",
  },
  predictionReplicas: {
    otherwise: 2,
    takes: { "1": 1 },
    refuses: ["0", "101", ""],
    rule: "be a whole number from 1 to 100",
  },
  trackingNodePort: port,
  servingNodePort: port,
  predictionNodePort: port,
  servingAllowPickle: {
    otherwise: false,
    takes: { true: true, false: false },
    refuses: ["", "yes", "0"],
    rule: "be true or false",
  },
  trainExampleModel: {
    otherwise: true,
    takes: { true: true, false: false },
    refuses: ["", "yes", "1", "True"],
    rule: "be true or false",
  },
  trainingSchedule: {
    otherwise: undefined,
    takes: { "": undefined, "*/5 0 1 * 1-5": "*/5 0 1 * 1-5" },
    refuses: ["daily", "0 3 * *", "0 3 * * * *"],
    rule: "be five cron fields such as `0 3 * * *`",
  },
  monitoring: { otherwise: true, ...onOff },
  grafana: { otherwise: true, ...onOff },
  alertmanager: { otherwise: true, ...onOff },
  kubeStateMetrics: { otherwise: true, ...onOff },
  nodeExporter: { otherwise: true, ...onOff },
  nodeExporterPort: {
    otherwise: undefined,
    takes: { "": undefined, "1024": 1024, "9101": 9101 },
    refuses: ["0", "1023", "65536", "many"],
    rule: "be a whole number from 1024 to 65535",
  },
  pushgateway: { otherwise: true, ...onOff },
  grafanaNodePort: port,
  prometheusStorageSize: {
    otherwise: "8Gi",
    takes: { "500Mi": "500Mi" },
    refuses: ["", "8", "8GB"],
    rule: `${size} 8Gi`,
  },
  prometheusRetention: {
    otherwise: "15d",
    takes: { "48h": "48h", "1y": "1y" },
    refuses: ["", "15", "0d", "15 days"],
    rule: "be a duration such as 15d",
  },
  alertReceivers: {
    otherwise: {},
    takes: { '{"slack":{}}': { slack: {} } },
    refuses: ["https://token", '["https://token"]'],
    rule: "be a map of settings",
    isSecret: true,
  },
  runbookBaseUrl: {
    otherwise: undefined,
    takes: { "": undefined, "https://example.org/runbooks": "https://example.org/runbooks" },
    refuses: ["docs/runbooks", "ftp://example.org"],
    rule: "be a URL",
  },
  prometheusChart: { otherwise: undefined, ...chart },
  prometheusChartVersion: { otherwise: undefined, ...chartVersion },
  prometheusValues: { otherwise: {}, ...map },
  grafanaChart: { otherwise: undefined, ...chart },
  grafanaChartVersion: { otherwise: undefined, ...chartVersion },
  grafanaValues: { otherwise: {}, ...map },
  monitoringImageRegistry: {
    otherwise: undefined,
    takes: { "": undefined, "example.org:5000/mirror": "example.org:5000/mirror" },
    refuses: ["https://example.org", "example.org/"],
    rule: "be a registry such as example.org/mirror",
  },
};
