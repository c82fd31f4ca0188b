import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { queryAt } from "../../../tools/dashboards/prometheusApi.ts";
import { localhostCertificate } from "../../login/support/programs.ts";
import { listening } from "../../support/listening.ts";
import { api } from "./platform.ts";
import { waitUntil } from "./wait.ts";

const group = "custom.metrics.k8s.io";
const groupVersion = `${group}/v1beta2`;

interface AdapterRule {
  seriesQuery: string;
  name: { as: string };
  metricsQuery: string;
}

/** The rule that the page has for prometheus-adapter. */
function documentedRule(): AdapterRule {
  const page = readFileSync(join(checkoutRoot, "docs/how-to/autoscaling.md"), "utf8");
  const [, values] = /```yaml\n# values of the chart prometheus-adapter\n(.*?)```/s.exec(page)!;
  return (parse(values!) as { rules: { custom: [AdapterRule] } }).rules.custom[0];
}

/**
 * In the place of prometheus-adapter, a process of this machine behind the API server: it answers for pods with what
 * the documented rule makes of them, as prometheus-adapter fills it in, and asks the Prometheus at this address.
 */
export async function startMetricsAdapter(
  prometheusUrl: string,
): Promise<{ close(): Promise<void> }> {
  const rule = documentedRule();
  const folder = mkdtempSync(join(tmpdir(), "metrics-adapter-"));
  const resource = { name: `pods/${rule.name.as}`, namespaced: true, kind: "MetricValueList" };
  const answers = async ({ pathname, searchParams }: URL): Promise<object | undefined> => {
    if (pathname === `/apis/${groupVersion}`) {
      const resources = [{ ...resource, singularName: "", verbs: ["get"] }];
      return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
    }
    const [, namespace, metric] =
      /\/namespaces\/([^/]+)\/pods\/\*\/([^/]+)$/.exec(decodeURIComponent(pathname)) ?? [];
    if (namespace === undefined || metric !== rule.name.as) return undefined;
    const selector = encodeURIComponent(searchParams.get("labelSelector") ?? "");
    const found = await api().list(
      `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
    );
    const names = found.map(({ metadata }) => metadata.name).join("|");
    const query = rule.metricsQuery
      .replaceAll("<<.Series>>", rule.seriesQuery.split("{")[0]!)
      .replaceAll("<<.LabelMatchers>>", `namespace="${namespace}",pod=~"${names}"`)
      .replaceAll("<<.GroupBy>>", "pod");
    const samples = await queryAt(prometheusUrl, query);
    const items = samples.map(({ labels, points }) => ({
      describedObject: { kind: "Pod", namespace, name: labels["pod"], apiVersion: "/v1" },
      metric: { name: metric, selector: null },
      timestamp: new Date().toISOString(),
      value: `${Math.round(points[0]![1] * 1000)}m`,
    }));
    return { kind: "MetricValueList", apiVersion: groupVersion, metadata: {}, items };
  };
  const server = createServer(localhostCertificate(folder), (request, response) => {
    const reply = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    answers(new URL(request.url!, "https://localhost")).then(
      (answer) => reply(answer ? 200 : 404, answer ?? {}),
      (error: unknown) => reply(500, { message: String(error) }),
    );
  });
  const { port, close } = await listening(server);
  const objects = [
    [
      "/api/v1/namespaces/kube-system/services",
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "metrics-adapter" },
        spec: { type: "ExternalName", externalName: "localhost" },
      },
    ],
    [
      "/apis/apiregistration.k8s.io/v1/apiservices",
      {
        apiVersion: "apiregistration.k8s.io/v1",
        kind: "APIService",
        metadata: { name: `v1beta2.${group}` },
        spec: {
          group,
          version: "v1beta2",
          service: { name: "metrics-adapter", namespace: "kube-system", port },
          insecureSkipTLSVerify: true,
          groupPriorityMinimum: 100,
          versionPriority: 100,
        },
      },
    ],
  ] as const;
  for (const [path, object] of objects) {
    const { status, body } = await api().call("POST", path, object);
    if (status !== 201) throw new Error(`${path} answers ${status}: ${JSON.stringify(body)}`);
  }
  await waitUntil("the API server hands on what the adapter answers", 30, async () => {
    const { status } = await api().call("GET", `/apis/${groupVersion}`);
    return status === 200;
  });
  return {
    close: async () => {
      for (const [path, { metadata }] of objects)
        await api().call("DELETE", `${path}/${metadata.name}`);
      await close();
      rmSync(folder, { recursive: true });
    },
  };
}
