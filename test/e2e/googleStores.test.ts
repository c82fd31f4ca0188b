import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mlflow } from "../../cli/mlflow.ts";
import { predict, servedModel, type ServedModel } from "../../cli/prediction.ts";
import { checkoutRoot, claimCache } from "../../local/support/cache.ts";
import { withVariables } from "../../cli/envFile.ts";
import { run } from "../../local/support/process.ts";
import { Project } from "../local/engine/engineRun.ts";
import { environment as pythonEnvironment } from "../support/pythonEnvironment.ts";
import { killInstanceProxy } from "./googleStores/proxyProcess.ts";
import { isReady, type KubeObject } from "./support/kube.ts";
import { executeNotebook } from "./support/notebook.ts";
import { api, cleanSlate, environment, kubeconfigPath, mlops } from "./support/platform.ts";
import { namespace, reasonToSkip } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

// The platform as it runs on Google Cloud, told in order: its stores are played by pods of the local cluster.

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;
const folder = join(checkoutRoot, "test/e2e/googleStores");
const variablesFile = join(checkoutRoot, "test-results", "google-stores.env");
const bucket = "http://127.0.0.1:31443/storage/v1/b/mlops-artifacts/o";

suite(`the data path of Google Cloud${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(40 * 60_000);
  let project: Project;
  let settings: Record<string, string>;
  let outputs: {
    mlflowTrackingUri: string;
    modelServingUrl: string;
    artifactUri: string;
    databaseHost: string;
    databasePassword: string;
    mlflowAdminPassword: string;
    notebookEnv: Record<string, string>;
  };

  beforeAll(async () => {
    await cleanSlate();
    const node = join(checkoutRoot, "node_modules", ".bin", "node");
    const standIns = join(claimCache(), "tests", "google-stand-ins");
    const onLine = (line: string) => void process.stderr.write(`    ${line}\n`);
    const printed = await run(node, [join(folder, "prepare.ts"), standIns], {
      env: environment,
      onLine,
    });
    settings = JSON.parse(printed.trim().split("\n").at(-1)!) as Record<string, string>;
    project = new Project(join(folder, "program.ts"), kubeconfigPath);
  });

  afterAll(async () => {
    project?.remove();
    rmSync(variablesFile, { force: true });
    await mlops("down", "--cluster", "--keep-cache", "--yes");
  });

  const up = (more: Record<string, string> = {}) => project.succeed("up", { ...settings, ...more });
  const list = (path: string) => api().list(path);
  const inNamespace = (path: string) =>
    list(path.replace("/namespaces/", `/namespaces/${namespace}/`));
  const pods = () => api().pods(namespace);
  const podsOf = async (application: string) =>
    (await pods()).filter(
      ({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === application,
    );
  const server = async () =>
    (await podsOf("mlflow")).find(
      ({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "server",
    )!;
  const tracking = () => mlflow(outputs.mlflowTrackingUri, "admin", outputs.mlflowAdminPassword);
  const champion = async () => {
    const query = "name=diabetes-progression&alias=champion";
    const { model_version } = await tracking().call<{ model_version: { version: string } }>(
      `registered-models/alias?${query}`,
    );
    return model_version.version;
  };
  const served = async () => {
    const model = (await servedModel(outputs.modelServingUrl)) as ServedModel;
    const { value } = await predict(outputs.modelServingUrl, model);
    return { version: model.version, value };
  };
  const objects = async () => {
    const answer = await fetch(`${bucket}?maxResults=1000`);
    const { items = [] } = (await answer.json()) as { items?: { name: string; size: string }[] };
    return items;
  };
  /** What the database holds, read without MLflow and without the proxy. */
  const rows = async () => {
    const python = await pythonEnvironment("mlflow");
    const where = ["127.0.0.1", "31432", outputs.databasePassword];
    const printed = await run(python, [join(folder, "look.py"), ...where]);
    return JSON.parse(printed) as { runs: string[]; aliases: Record<string, string> };
  };

  test("comes up, trained: the migration ended although its proxy never ends by itself", async () => {
    await up();
    const { stdout } = await project.succeed("outputs", {}, ["--json", "--show-secrets"]);
    outputs = JSON.parse(stdout) as typeof outputs;
    expect(outputs.artifactUri).toBe("gs://mlops-artifacts/artifacts");
    expect(outputs.databaseHost).toBe("postgres.stores.svc.cluster.local");

    const jobs = await inNamespace("/apis/batch/v1/namespaces/jobs");
    expect(jobs.map(({ status }) => status?.conditions?.at(-1)?.type)).toEqual([
      "Complete",
      "Complete",
    ]);
    const [migration] = (await podsOf("mlflow")).filter(
      ({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "migration",
    );
    expect(migration!.status?.phase).toBe("Succeeded");
    expect(proxyOf(migration!).state).toMatchObject({ terminated: { exitCode: 0 } });
  });

  test("the notebook logs, promotes and predicts through it", async () => {
    const alias = { name: "diabetes-progression", alias: "champion" };
    expect(await champion()).toBe("1");
    // without a champion, the notebook's own version is the better one
    await tracking().call("registered-models/alias", alias, "DELETE");
    mkdirSync(join(checkoutRoot, "test-results"), { recursive: true });
    writeFileSync(variablesFile, withVariables("", outputs.notebookEnv), { mode: 0o600 });
    const executed = await executeNotebook("train-and-promote", { MLOPS_ENV_FILE: variablesFile });
    expect(executed).toContain("version 2 is now champion");
    expect(await champion()).toBe("2");
    await waitUntil("both pods serve it", 60, async () => {
      const versions = await Promise.all([1, 2, 3, 4, 5, 6].map(served));
      return versions.every(({ version }) => version === "2");
    });
  });

  test("the model's files are objects of the bucket, and the runs are rows of Postgres", async () => {
    const names = (await objects()).map(({ name }) => name);
    expect(names.every((name) => name.startsWith("artifacts/"))).toBe(true);
    expect(names.filter((name) => name.endsWith("/MLmodel")).length).toBeGreaterThan(2);
    expect((await objects()).every(({ size }) => Number(size) > 0)).toBe(true);

    const { experiments } = await tracking().call<{ experiments: { experiment_id: string }[] }>(
      "experiments/search?max_results=100",
    );
    const found = await tracking().call<{ runs: { info: { run_id: string } }[] }>("runs/search", {
      experiment_ids: experiments.map(({ experiment_id }) => experiment_id),
      max_results: 1000,
    });
    const { runs, aliases } = await rows();
    expect(runs).toEqual(found.runs.map(({ info }) => info.run_id).sort());
    expect(aliases).toEqual({ champion: "2" });
  });

  test("nothing was written to a volume", async () => {
    expect(await inNamespace("/api/v1/namespaces/persistentvolumeclaims")).toEqual([]);
    const { volumes } = (await server()).spec as { volumes: object[] };
    const kinds = volumes
      .flatMap((volume) => Object.keys(volume))
      .filter((kind) => kind !== "name");
    expect([...new Set(kinds)].sort()).toEqual(["emptyDir", "secret"]);
  });

  test("every workload has its own account, and none has a token", async () => {
    const accounts = (await pods()).map(({ metadata, spec }) => [
      metadata.labels?.["app.kubernetes.io/name"],
      spec?.["serviceAccountName"],
      spec?.["automountServiceAccountToken"],
    ]);
    expect([...new Set(accounts.map(String))].sort()).toEqual([
      "mlflow,mlflow,false",
      "model-server,model-server-diabetes-progression,false",
      "prediction-app,prediction-app,false",
      "training,training-diabetes-progression,false",
    ]);
  });

  test("a proxy that is killed is restarted, and MLflow reaches its database as before", async () => {
    const before = await server();
    expect(proxyOf(before).restartCount).toBe(0);
    killInstanceProxy("stores:local:postgres");
    await waitUntil("the proxy is started again", 60, async () => {
      const { restartCount, started } = proxyOf(await server());
      return restartCount === 1 && started;
    });
    await waitUntil("MLflow finds the champion", 60, async () => (await champion()) === "2");
    const after = await waitUntil("the pod is ready again", 60, async () => {
      const pod = await server();
      return isReady(pod) && pod;
    });
    expect(after.metadata.uid).toBe(before.metadata.uid);
    const { restartCount } = after.status!.containerStatuses!.find(
      ({ name }) => name === "mlflow",
    )!;
    expect(restartCount).toBe(0);
  });

  test("paused, nothing runs; resumed, the same model is served and nothing is trained again", async () => {
    const before = { served: await served(), rows: await rows(), jobs: await jobs() };
    const serving = "/apis/apps/v1/namespaces/mlops/deployments/model-server-diabetes-progression";
    // a busy machine is a third one's reason
    const isScaled = async () => Number((await api().get(serving)).spec?.["replicas"]) >= 2;
    await waitUntil("the autoscaler has made two pods", 90, isScaled);

    await up({ paused: "true" });
    await waitUntil("every pod that runs is gone", 90, async () => {
      return (await pods()).every(({ status }) => status?.phase === "Succeeded");
    });
    expect((await api().get(serving)).spec?.["replicas"]).toBe(0);
    expect(await inNamespace("/apis/autoscaling/v2/namespaces/horizontalpodautoscalers")).toEqual(
      [],
    );

    await up();
    await waitUntil("the autoscaler has made two pods again", 90, isScaled);
    await waitUntil("the model is served", 60, async () => {
      return (await served()).version === before.served.version;
    });
    expect({ served: await served(), rows: await rows(), jobs: await jobs() }).toEqual(before);
  });

  test("in a stack that starts paused a Job waits, and runs once the stack is resumed", async () => {
    const another = { experiment: "another" };
    const before = (await rows()).runs.length;
    await up({ ...another, paused: "true" });
    const waiting = (await inNamespace("/apis/batch/v1/namespaces/jobs")).filter(
      ({ status }) => status?.conditions?.at(-1)?.type === "Suspended",
    );
    expect(waiting).toHaveLength(1);
    await up(another);
    expect((await rows()).runs.length).toBeGreaterThan(before);
  });

  const jobs = async () =>
    (await inNamespace("/apis/batch/v1/namespaces/jobs")).map(({ metadata, status }) => [
      metadata.uid,
      (status as { completionTime?: string }).completionTime,
    ]);
});

interface SidecarStatus {
  name: string;
  restartCount: number;
  started: boolean;
  state: object;
}

const proxyOf = ({ status }: KubeObject) =>
  (status as unknown as { initContainerStatuses: SidecarStatus[] }).initContainerStatuses[0]!;
