import { createServer } from "node:net";
import { endpoints, isHealthy } from "../../cli/platformEndpoints.ts";
import { mlflow } from "../../cli/mlflow.ts";
import { predict, servedModel, type ServedModel } from "../../cli/prediction.ts";
import { api, mlops, namespace, start } from "./support/platform.ts";
import { forwarded } from "./support/forwarded.ts";
import { isReady, type KubeObject, restartsOf } from "./support/kube.ts";
import { waitUntil } from "./support/wait.ts";

const outageSeconds = 60;

/** What the platform survives. */
export function describeFaults(outputs: () => Record<string, string>): void {
  const serving = () => outputs()["modelServingUrl"]!;
  const tracking = () =>
    mlflow(outputs()["mlflowTrackingUri"]!, "notebook", outputs()["mlflowPassword"]!);
  const running = async () =>
    (await api().pods(namespace)).filter(({ status }) => status?.phase === "Running");
  const known = async () => {
    const runs = await tracking().call<{ runs: { info: { run_id: string } }[] }>("runs/search", {
      experiment_ids: await experimentIds(),
      max_results: 1000,
    });
    const models = await tracking().call<{ model_versions: { name: string; version: string }[] }>(
      "model-versions/search?max_results=1000",
    );
    return {
      runs: runs.runs.map(({ info }) => info.run_id).sort(),
      versions: models.model_versions.map(({ name, version }) => `${name}/${version}`).sort(),
      prediction: (await predict(serving(), (await servedModel(serving())) as ServedModel)).value,
    };
  };
  const experimentIds = async () => {
    const { experiments } = await tracking().call<{ experiments: { experiment_id: string }[] }>(
      "experiments/search?max_results=1000",
    );
    return experiments.map(({ experiment_id }) => experiment_id);
  };

  test("every pod can be killed, and all data is still there", async () => {
    const before = await known();
    const pods = await running();
    expect(pods.length).toBeGreaterThanOrEqual(5);
    for (const pod of pods) {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`;
      await api().call("DELETE", `${path}?gracePeriodSeconds=0`);
      await waitUntil(`${pod.metadata.name} is replaced`, 180, () => isReplaced(pod, pods));
    }
    await waitUntil("MLflow and the model answer", 120, async () => {
      const now = await known();
      expect(now).toEqual(before);
      return true;
    });
  });

  test(`Postgres can be away for ${outageSeconds} s: an alert says so, MLflow recovers alone, nothing restarts`, async () => {
    const others = (await running()).filter(({ metadata }) => metadata.name !== "postgres-0");
    const scale = (replicas: number) =>
      api().call("PATCH", `/apis/apps/v1/namespaces/${namespace}/statefulsets/postgres/scale`, {
        spec: { replicas },
      });
    const model = (await servedModel(serving())) as ServedModel;
    expect((await scale(0)).status).toBe(200);
    await waitUntil("Postgres is gone", 60, async () => !(await names()).includes("postgres-0"));
    const end = Date.now() + outageSeconds * 1_000;
    await waitUntil("Alertmanager has the alert", 120, async () => {
      await predict(serving(), model); // predictions do not need the database
      return (await alerts()).includes("PostgresUnreachable") && Date.now() > end;
    });
    await scale(1);
    await waitUntil("MLflow answers again", 90, async () => {
      await tracking().call("experiments/search?max_results=1");
      return true;
    });
    await waitUntil("the alert is resolved", 120, async () => {
      return !(await alerts()).includes("PostgresUnreachable");
    });
    const after = await running();
    for (const pod of others) {
      const same = after.find(({ metadata }) => metadata.uid === pod.metadata.uid);
      expect([pod.metadata.name, same && restartsOf(same)]).toEqual([
        pod.metadata.name,
        restartsOf(pod),
      ]);
    }
  });

  test("`connect --forward` goes around a taken port and outlives the pod behind it", async () => {
    const localPort = endpoints.tracking.service.port;
    const occupant = createServer();
    occupant.on("error", () => {}); // taken by somebody else is as good
    occupant.listen(localPort, "127.0.0.1");
    const connect = start("connect", "--forward");
    try {
      await waitUntil("connected", 60, () => connect.output.stdout.includes("Ctrl-C"));
      const url = /MLflow +(http:\/\/127\.0\.0\.1:\d+)/.exec(connect.output.stdout)?.[1] ?? "";
      expect(url).not.toMatch(new RegExp(`:(${localPort}|30001)$`));
      const answers = () => isHealthy(url, endpoints.tracking);
      expect(await answers()).toBe(true);
      const pod = (await running()).find(({ metadata }) => metadata.name.startsWith("mlflow-"))!;
      await api().call("DELETE", `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`);
      await waitUntil("the pod is gone", 60, async () => {
        return !(await names()).includes(pod.metadata.name);
      });
      await waitUntil("MLflow answers again", 90, answers);
    } finally {
      connect.child.kill("SIGTERM");
      occupant.close();
    }
    expect((await connect.ended).code).toBe(0);
  });

  test("`verify` passes after all of it", async () => {
    const { code, stdout } = await mlops("verify");
    expect(stdout).toMatch(/8 of 8 checks passed/);
    expect(code).toBe(0);
  });

  /** Names of the alerts that Alertmanager holds active. */
  async function alerts(): Promise<string[]> {
    return await forwarded("alertmanager", async (url) => {
      const active = await fetch(`${url}/api/v2/alerts?active=true`);
      const found = (await active.json()) as { labels: { alertname: string } }[];
      return found.map(({ labels }) => labels.alertname);
    });
  }

  const names = async () => (await api().pods(namespace)).map(({ metadata }) => metadata.name);

  /** The killed pod is gone, and as many pods of its kind are ready as before. */
  async function isReplaced(killed: KubeObject, before: KubeObject[]): Promise<boolean> {
    const now = await api().pods(namespace);
    if (now.some(({ metadata }) => metadata.uid === killed.metadata.uid)) return false;
    const kind = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/name"];
    const wanted = before.filter((pod) => kind(pod) === kind(killed)).length;
    return now.filter((pod) => kind(pod) === kind(killed) && isReady(pod)).length >= wanted;
  }
}
