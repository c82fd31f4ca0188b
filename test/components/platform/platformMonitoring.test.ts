import type { PlatformMonitoring, RuleGroup } from "../../../components/index.ts";
import { makePlatform, platformArgs } from "../../support/fixtures.ts";
import { at } from "../../support/podSecurity.ts";
import { record, type Recorded } from "../../support/recorder.ts";

// seconds, because each test records a whole platform
const platform = (monitoring: PlatformMonitoring = {}, more = {}) =>
  record(() => makePlatform("ml", { ...platformArgs, ...more, monitoring }));

const names = (resources: readonly Recorded[]) => resources.map(({ name }) => name);
const policies = (resources: readonly Recorded[], application: string) =>
  names(resources).filter((name) =>
    new RegExp(`^ml-network-(.*-to-${application}|${application}-may-call-.*)$`).test(name),
  );

/** Ports that pods of an application may be called on, by caller. */
function callers(resources: readonly Recorded[], application: string): Record<string, number[]> {
  const into = new RegExp(`^ml-network-(.+)-to-${application}$`);
  const found: Record<string, number[]> = {};
  for (const { name, inputs } of resources) {
    const caller = into.exec(name)?.[1];
    const [rule] = (at(inputs, "spec", "ingress") ?? []) as { ports: { port: number }[] }[];
    if (caller && rule) found[caller] = rule.ports.map(({ port }) => port);
  }
  return found;
}

// SECURITY.md: No pod but its own reaches its scheduler and workers, except Prometheus their metrics.
test("only its own pods reach the shared Dask cluster, and Prometheus its metrics", async () => {
  const { resources } = await platform({}, { dask: { enabled: true } });
  expect(callers(resources, "dask")).toEqual({ "dask-workers": [undefined], prometheus: [9464] });
  expect(callers(resources, "dask-workers")).toEqual({
    dask: [undefined],
    "dask-workers": [undefined],
    prometheus: [9464],
  });
});

// SECURITY.md: The Dask cluster that notebooks share is off by default.
test("settings of a Dask cluster that is not enabled make none", async () => {
  const { resources } = await platform({}, { dask: { workers: 4 } });
  expect(names(resources).filter((name) => name.includes("dask"))).toEqual([]);
});

// SECURITY.md: Metrics are on their own ports, open to Prometheus alone.
test("only Prometheus reaches the ports with metrics", async () => {
  const { resources } = await platform();
  expect(callers(resources, "mlflow")).toEqual({
    "model-server": [5000],
    training: [5000],
    "prediction-app": [5000],
    prometheus: [9464, 9187],
  });
  expect(callers(resources, "model-server")).toEqual({
    "prediction-app": [8080],
    prometheus: [9464],
  });
  expect(callers(resources, "prediction-app")).toEqual({ prometheus: [9464] });
});

test("every port that is scraped is one that its containers open", async () => {
  const { resources } = await platform();
  const opened = (workload: string) => {
    const { inputs } = resources.find(({ name }) => name === workload)!;
    const containers = at(inputs, "spec", "template", "spec", "containers") as {
      ports: { name: string; containerPort: number }[];
    }[];
    const all = containers.flatMap(({ ports }) => ports);
    return all.filter(({ name }) => /^(.+-)?metrics$/.test(name)).map((port) => port.containerPort);
  };
  for (const [workload, application] of [
    ["ml-tracking-server", "mlflow"],
    ["ml-serving-diabetes-server", "model-server"],
    ["ml-prediction-server", "prediction-app"],
  ] as const) {
    expect(opened(workload)).toEqual(callers(resources, application)["prometheus"]);
  }
});

test("only Grafana and the page reach Prometheus, and only Grafana and Prometheus reach Alertmanager", async () => {
  const { resources } = await platform();
  expect(callers(resources, "prometheus")).toEqual({ grafana: [9090], "prediction-app": [9090] });
  expect(callers(resources, "alertmanager")).toEqual({ prometheus: [9093], grafana: [9093] });
});

test("switched off, it leaves no objects", async () => {
  const { resources, result } = await platform({ enabled: false });
  expect(names(resources).filter((name) => /prometheus|grafana|alert/.test(name))).toEqual([]);
  expect(result.prometheusUrl).toBeUndefined();
  expect(result.grafanaUrl).toBeUndefined();
});

test.each([
  ["grafana", { grafana: { enabled: false } }, "grafana", "grafanaUrl"],
  ["Alertmanager", { prometheus: { alertmanager: false } }, "alertmanager", "alertmanagerUrl"],
  [
    "kube-state-metrics",
    { prometheus: { kubeStateMetrics: false } },
    "kube-state-metrics",
    undefined,
  ],
  ["the Pushgateway", { prometheus: { pushgateway: false } }, "prometheus-pushgateway", undefined],
] as const)("without %s, no policy speaks of it", async (_, monitoring, application, output) => {
  const usual = await platform();
  expect(policies(usual.resources, application)).not.toEqual([]);
  const { resources, result } = await platform(monitoring);
  expect(policies(resources, application)).toEqual([]);
  if (output) expect(result[output]).toBeUndefined();
});

test("without Alertmanager there is no alert about it", async () => {
  const rules = async (monitoring: PlatformMonitoring) => {
    const { find } = await platform(monitoring);
    return JSON.stringify(at(find("ml-prometheus-release").inputs, "values", "serverFiles"));
  };
  expect(await rules({})).toContain("Alertmanager");
  expect(await rules({ prometheus: { alertmanager: false } })).not.toContain(
    '"alert":"Alertmanager',
  );
});

test.each([
  ["a port on the nodes", { grafana: { nodePort: 31343 } }, "http://10.0.0.7:31343/d/"],
  ["their own page", { runbookBaseUrl: "https://example.org/r/" }, "https://example.org/r/"],
  ["nowhere without Grafana", { grafana: { enabled: false } }, undefined],
])("alerts link to their runbooks: %s", async (_, monitoring, base) => {
  const { find } = await platform(monitoring, { nodeAddress: "10.0.0.7" });
  const files = at(find("ml-prometheus-release").inputs, "values", "serverFiles") as unknown as {
    [file: string]: { groups: RuleGroup[] };
  };
  const rules = files["alerting_rules.yml"]!.groups.flatMap((group) => group.rules);
  expect(rules.map(({ alert }) => alert)).toContain("ModelServerUnavailable");
  for (const { annotations } of rules) {
    const url = annotations["runbook_url"];
    if (base === undefined) expect(url).toBeUndefined();
    else expect(url?.slice(0, base.length)).toBe(base);
  }
});

test("a model that is not monitored raises no alerts, and its pods and Jobs are marked", async () => {
  const [model] = platformArgs.models;
  const models = [
    { ...model!, name: "churn", training: { once: true } },
    { ...model!, name: "experiment", training: { once: true }, monitor: false },
  ];
  const { find } = await platform({}, { models });
  const rules = JSON.stringify(at(find("ml-prometheus-release").inputs, "values", "serverFiles"));
  expect(rules).toContain("churn");
  expect(rules).not.toContain("experiment");
  const mark = (name: string, ...path: string[]) =>
    at(find(name).inputs, ...path, "metadata", "labels", "mlops-platform/monitor");
  expect(mark("ml-serving-experiment-server", "spec", "template")).toBe("false");
  expect(mark("ml-serving-churn-server", "spec", "template")).toBeUndefined();
  expect(mark("ml-training-experiment-job")).toBe("false");
  expect(mark("ml-training-churn-job")).toBeUndefined();
});

test("Alertmanager may call the ports of its receivers, and no other", async () => {
  const { resources: silent } = await platform();
  expect(policies(silent, "alertmanager").filter((name) => /may-call/.test(name))).toEqual([]);
  const { find } = await platform({
    prometheus: {
      receivers: {
        email: { to: "a@example.org", from: "b@example.org", smarthost: "smtp.example.org:587" },
        slack: { webhookUrl: "https://example.org/hook" },
        webhook: { url: "http://alerts.example.org:8080/in" },
      },
    },
  });
  const { inputs } = find("ml-network-alertmanager-may-call-anything");
  expect(at(inputs, "spec", "egress")).toEqual([
    { ports: [587, 443, 8080].map((port) => ({ protocol: "TCP", port })) },
  ]);
});

// SECURITY.md: DNS is allowed to the cluster's DNS only, Google's APIs to MLflow only where it uses
// them, and the API server to monitoring only: by its address on GKE, the local cluster and where
// `apiServerAddresses` is set, elsewhere by its port.
test("the API server is called by its address where that is known, and no pod calls port 443 elsewhere", async () => {
  const { resources, find } = await platform({}, { apiServerAddresses: ["10.0.0.2/32"] });
  for (const caller of ["prometheus", "grafana", "kube-state-metrics"]) {
    const { inputs } = find(`ml-network-${caller}-may-call-api-server`);
    expect(at(inputs, "spec", "egress")).toEqual([
      {
        to: [{ ipBlock: { cidr: "10.0.0.2/32" } }],
        ports: [443, 6443, 8443].map((port) => ({ protocol: "TCP", port })),
      },
    ]);
  }
  const toAnything = resources.filter(({ name }) => name.endsWith("-may-call-anything"));
  expect(toAnything.map(({ inputs }) => at(inputs, "spec", "egress"))).toEqual([
    [{ ports: [10250, 9100].map((port) => ({ protocol: "TCP", port })) }],
  ]);
});

// SECURITY.md: Prometheus and Alertmanager have no login, so nothing opens them to the outside;
// Prometheus cannot be stopped or reloaded over HTTP.
test("a node port opens Grafana to people, and nothing else of the monitoring", async () => {
  const { resources, find } = await platform(
    { grafana: { nodePort: 31343 } },
    { nodeAddress: "10.0.0.7" },
  );
  expect(callers(resources, "grafana")).toEqual({ anybody: [3000], "prediction-app": [3000] });
  expect(find("ml").outputs!["grafanaUrl"]).toBe("http://10.0.0.7:31343");
  expect(callers(resources, "prometheus")).toEqual({ grafana: [9090], "prediction-app": [9090] });
});

test("settings of both parts reach both", async () => {
  const { find } = await platform(
    { runbookBaseUrl: "https://example.org/runbooks" },
    { imageMirror: "example.org/mirror", storageClassName: "fast", labels: { team: "blue" } },
  );
  for (const release of ["ml-prometheus-release", "ml-grafana-release"]) {
    const values = JSON.stringify(find(release).inputs["values"]);
    expect(values).toMatch(/"(registry|repository)":"example\.org[/"]/);
    expect(values).toContain('"team":"blue"');
  }
  const everything = JSON.stringify([
    find("ml-prometheus-release").inputs,
    find("ml-grafana-release").inputs,
  ]);
  expect(everything).toContain("https://example.org/runbooks/");
});
