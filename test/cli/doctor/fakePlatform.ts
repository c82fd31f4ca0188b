import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeApi, yes } from "../../local/engine/fakeApi.ts";

type Fields = Record<string, any>;

const namespace = "ml";
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const core = `/api/v1/namespaces/${namespace}`;

export const resources = (cpu: string, memory: string) => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
});

/** A workload with one ready pod. */
export function workload(kind: string, name: string, container: object = {}): Fields {
  const labels = { "app.kubernetes.io/name": name };
  const template = {
    spec: {
      containers: [
        {
          name: "main",
          image: "localhost/mlops/it:1",
          resources: resources("100m", "128Mi"),
          ...container,
        },
      ],
    },
  };
  const ready = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
  return {
    kind,
    metadata: { labels, namespace, generation: 1 },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
    status:
      kind === "Job" ? { conditions: [yes("Complete")] } : { observedGeneration: 1, ...ready },
  };
}

/** One whose pods are not there. */
export const lacking = (
  kind: string,
  name: string,
  container: object = {},
  status: object = {},
): Fields => ({
  ...workload(kind, name, container),
  status: { observedGeneration: 1, ...status },
});

/** A cluster with a platform on it, and the services of that platform on one port: all well, until a test changes it. */
export class FakePlatform {
  readonly api = new FakeApi();
  /** Answers that are not what a healthy platform gives, by method and path. */
  readonly answers = new Map<string, [status: number, body: unknown]>();
  /** Paths that answer nothing good. */
  readonly away = new Set<string>();
  allowedHosts = /^127\.0\.0\.1/;
  servedVersion = "3";
  password = "notebooks-password";
  readonly #server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const [status, answer] = this.#answer(request, body);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });
  readonly #artifacts = new Map<string, string>();

  async listen(): Promise<{ apiServer: string; url: string }> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    const { port } = this.#server.address() as AddressInfo;
    this.reset();
    return { apiServer: await this.api.listen(), url: `http://127.0.0.1:${port}` };
  }

  close(): void {
    this.api.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Everything well again. */
  reset(): void {
    const { api } = this;
    api.objects.clear();
    Object.assign(api, { pods: [], events: [], denied: [], log: "", clockAhead: 0 });
    api.status = (object) => object["status"] ?? {};
    this.answers.clear();
    this.away.clear();
    Object.assign(this, {
      servedVersion: "3",
      password: "notebooks-password",
      allowedHosts: /^127\.0\.0\.1/,
    });
    api.put("/apis", { groups: [{ name: "cilium.io" }] });
    api.put("/api/v1/namespaces/kube-system", {});
    api.put("/apis/apps/v1/namespaces/kube-system/daemonsets/cilium", {});
    api.put("/api/v1/nodes/one", {
      spec: {},
      status: {
        conditions: [yes("Ready")],
        allocatable: { cpu: "4", memory: "8Gi" },
        nodeInfo: {
          architecture: process.arch === "arm64" ? "arm64" : "amd64",
          kubeletVersion: "v1.35.0",
        },
      },
    });
    api.put("/apis/storage.k8s.io/v1/storageclasses/standard", {
      metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    });
    api.put("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns", {
      endpoints: [{ conditions: { ready: true } }],
    });
    api.put(`${core}/persistentvolumeclaims/data`, {
      metadata: { namespace },
      spec: { storageClassName: "standard" },
      status: { phase: "Bound" },
    });
    api.put(`${apps}/statefulsets/postgres`, workload("StatefulSet", "postgres"));
    for (const name of ["mlflow", "model-server", "prediction-app"]) {
      api.put(`${apps}/deployments/${name}`, workload("Deployment", name));
      api.put(`${core}/services/${name}`, {
        metadata: { namespace },
        spec: { ports: [{ port: 80 }] },
      });
    }
    api.put(
      `/apis/batch/v1/namespaces/${namespace}/jobs/mlflow-migration-1`,
      workload("Job", "mlflow"),
    );
    // the range was made after a Job that it would refuse now
    api.put(`${core}/limitranges/usual`, {
      metadata: { namespace },
      spec: { limits: [{ type: "Container", max: { memory: "1536Mi" } }] },
    });
    api.put(
      `/apis/batch/v1/namespaces/${namespace}/jobs/training-1`,
      workload("Job", "training", { resources: resources("2", "2Gi") }),
    );
    api.put(`/apis/batch/v1/namespaces/${namespace}/cronjobs/backup`, {
      metadata: { labels: { "app.kubernetes.io/name": "backup" } },
      status: { lastSuccessfulTime: new Date().toISOString() },
    });
    api.put(`${core}/pods/mlflow-1`, {
      metadata: { namespace, labels: { "app.kubernetes.io/name": "mlflow" } },
      spec: { containers: [] },
      status: { phase: "Running" },
    });
  }

  /** Puts another object in the place of one of the platform's, or a new one there. */
  put(resource: string, object: Fields): void {
    const group = /^(deployments|statefulsets|daemonsets)/.test(resource) ? apps : core;
    const path = resource.startsWith("jobs/") ? `/apis/batch/v1/namespaces/${namespace}` : group;
    this.api.put(`${path}/${resource}`, object);
  }

  #answer(request: IncomingMessage, body: string): [number, unknown] {
    const { method = "GET", headers } = request;
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname.replace("/api/2.0/mlflow/", "");
    if (this.away.has(pathname)) return [503, "away"];
    const given = this.answers.get(`${method} ${path}`);
    if (given) return given;
    if (pathname.startsWith("/api/2.0/")) {
      if (!this.allowedHosts.test(headers.host ?? "")) return [403, "Invalid Host header"];
      const basic = (user: string, password: string) =>
        `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
      const known = [basic("notebook", this.password), basic("admin", "admins-password")];
      if (!known.includes(headers.authorization ?? "")) return [401, "who are you?"];
    }
    if (path.startsWith("/api/2.0/mlflow-artifacts/")) {
      if (method === "PUT") this.#artifacts.set(path, body);
      return [200, method === "PUT" ? "{}" : this.#artifacts.get(path)];
    }
    if (path === "/model")
      return [
        200,
        { name: "iris", version: this.servedVersion, alias: "champion", load_error: null },
      ];
    if (path === "/api/v1/query") return [200, { status: "success", data: { result: [] } }];
    if (path === "/api/v1/targets") {
      const up = { labels: { job: "pods", pod: "mlflow-2" }, health: "up", lastError: "" };
      return [200, { status: "success", data: { activeTargets: [up] } }];
    }
    const info = { run_id: "r1", artifact_uri: "mlflow-artifacts:/1/r1/artifacts" };
    if (path === "runs/create") return [200, { run: { info } }];
    if (path === "runs/get") return [200, { run: { data: { metrics: [{ value: 42 }] } } }];
    if (path === "experiments/get-by-name") return [200, { experiment: { experiment_id: "1" } }];
    if (path === "registered-models/alias") {
      return searchParams.get("alias") === "champion"
        ? [200, { model_version: { version: "3" } }]
        : [404, { message: "no such alias" }];
    }
    return [200, {}];
  }
}
