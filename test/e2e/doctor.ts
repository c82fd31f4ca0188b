import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { envFile } from "../../cli/envFile.ts";
import { endpoints, isHealthy } from "../../cli/platformEndpoints.ts";
import { mlflow } from "../../cli/mlflow.ts";
import type { Result } from "../../cli/doctor/runChecks.ts";
import { checkoutRoot, workFolder } from "../../local/support/cache.ts";
import { takeLock } from "../../local/support/lock.ts";
import { createWard, removeWard, someonesKubeconfig, ward, wardFaults } from "./doctorWard.ts";
import { api, type Ended, environment, namespace, stack } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

/** Name of the check, and what its symptom or cause must say. */
export type Named = readonly [check: string, words: RegExp];

/** Faults that the doctor has to name. Each is planted for real, and everything is as before afterwards. */
export function describeDoctor(outputs: () => Record<string, string>): void {
  const page = () => outputs()["predictionAppUrl"]!;
  const uri = () => outputs()["mlflowTrackingUri"]!;
  const admin = () => mlflow(uri(), "admin", outputs()["mlflowAdminPassword"]!);
  const model = { name: "diabetes-progression", alias: "champion" };
  let champion: string;

  test("finds nothing wrong with a healthy platform", async () => {
    // recreated pods are scraped again within a minute
    await waitUntil("nothing is wrong", 120, async () => {
      const { code, results } = await examined();
      // alerts about versions that other tests broke are warnings
      const faults = results.flatMap(({ findings }) => findings).filter((one) => !one.isWarning);
      expect(faults).toEqual([]);
      expect(results.filter(({ status }) => status === "ok").length).toBeGreaterThan(25);
      expect(code).toBe(0);
      return true;
    });
  });

  describe("names what is wrong", () => {
    afterAll(removeWard);

    test("with pods, claims, ports and objects of a namespace, a context, and a user's rights", async () => {
      await createWard();
      const kubeconfig = await someonesKubeconfig();
      const inWardSettings = ["--stack", "e2e-ward", "--config", `namespace=${ward}`];
      const [inWard, nowhere, someone] = await Promise.all([
        examined(["--local-cluster", ...inWardSettings, "--config", "storageClassName=gold"]),
        examined(["--context", "nowhere", ...inWardSettings]),
        examined(["--context", "someone", ...inWardSettings], { KUBECONFIG: kubeconfig }),
      ]);
      expect(unnamed(inWard.results, wardFaults)).toEqual([]);
      expect(unnamed(nowhere.results, [["context", /no context nowhere/]])).toEqual([]);
      expect(
        unnamed(someone.results, [["permissions", /administers the namespace .* only/]]),
      ).toEqual([]);
      expect([inWard, nowhere, someone].map(({ code }) => code)).toEqual([1, 1, 1]);
    });

    test("with what people meet at MLflow, on the page and in a notebook", async () => {
      const { model_version } = await admin().call<{ model_version: { version: string } }>(
        `registered-models/alias?name=${model.name}&alias=${model.alias}`,
      );
      champion = model_version.version;
      await admin().call("registered-models/alias", model, "DELETE");
      await call("elsewhere.example.org");
      await admin()
        .call("experiments/create", { name: "on-disk", artifact_location: "./mlruns" })
        .catch(() => {});
      await scale("deployments/prediction-app", 0);
      // its pods go on for some seconds, for those who have not heard of it
      await waitUntil(
        "the page is down",
        60,
        async () => !(await isHealthy(page(), endpoints.prediction)),
      );
      const before = existsSync(envFile) ? readFileSync(envFile, "utf8") : undefined;
      const stale = [`# Stack: ${stack}`, "MLFLOW_TRACKING_PASSWORD=old", ""];
      writeFileSync(envFile, stale.join("\n"), { mode: 0o600 });
      const release = takeLock(join(workFolder, "state", `${stack}.lock`), "working on this stack");
      try {
        const { results } = await examined();
        expect(
          unnamed(results, [
            ["aliases", /no version of diabetes-progression has the alias champion/],
            ["refused-requests", /elsewhere\.example\.org/],
            ["refused-requests", /\.\/mlruns/],
            ["page", /prediction page does not answer.*scaled to 0 pods/],
            ["login", /the password in \.env is that of another deployment/],
            ["runs", new RegExp(String(process.pid))],
          ]),
        ).toEqual([]);
      } finally {
        release();
        if (before === undefined) rmSync(envFile);
        else writeFileSync(envFile, before, { mode: 0o600 });
        await admin().call("registered-models/alias", { ...model, version: champion });
        await scale("deployments/prediction-app", 2);
      }
    });

    test("with a version that cannot be served", async () => {
      const { run } = await admin().call<{
        run: { info: { run_id: string; artifact_uri: string } };
      }>("runs/create", { experiment_id: "0", start_time: Date.now() });
      const source = { source: run.info.artifact_uri, run_id: run.info.run_id };
      const made = await admin().call<{ model_version: { version: string } }>(
        "model-versions/create",
        { name: model.name, ...source },
      );
      const { version } = made.model_version;
      const described = async () => (await fetch(`${outputs()["modelServingUrl"]}/model`)).text();
      await waitUntil("the champion is served", 60, async () =>
        (await described()).includes(`"version":"${champion}"`),
      );
      try {
        await admin().call("registered-models/alias", { ...model, version });
        await waitUntil("the server has tried it", 60, async () =>
          (await described()).includes('"load_error":{'),
        );
        const { results } = await examined();
        expect(unnamed(results, [["model-servers", /but version \d+ still answers/]])).toEqual([]);
      } finally {
        await admin().call("registered-models/alias", { ...model, version: champion });
        await admin().call("model-versions/delete", { name: model.name, version }, "DELETE");
      }
    });

    test("with a password, and with a database that is down", async () => {
      const user = { username: "notebook", password: outputs()["mlflowPassword"]! };
      await admin().call(
        "users/update-password",
        { ...user, password: "another-password" },
        "PATCH",
      );
      const { results } = await examined();
      await admin().call("users/update-password", user, "PATCH");
      expect(unnamed(results, [["login", /401 to the user notebook/]])).toEqual([]);

      await scale("statefulsets/postgres", 0);
      try {
        const away = await examined();
        expect(
          unnamed(away.results, [["postgres", /database is unavailable.*scaled to 0 pods/]]),
        ).toEqual([]);
      } finally {
        await scale("statefulsets/postgres", 1);
        await waitUntil("MLflow answers again", 90, async () => {
          await admin().call("experiments/search?max_results=1");
          return true;
        });
      }
    });
  });

  async function call(host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const asked = request(`${uri()}/api/2.0/mlflow/experiments/search`, { headers: { host } });
      asked.on("response", (response) => response.resume().on("end", () => resolve()));
      asked.on("error", reject).end();
    });
  }

  async function scale(workload: string, replicas: number): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${namespace}/${workload}`;
    expect((await api().call("PATCH", `${path}/scale`, { spec: { replicas } })).status).toBe(200);
    await waitUntil(`${workload} has ${replicas} pods`, 60, async () => {
      const { status } = await api().get(path);
      return ((status as { readyReplicas?: number }).readyReplicas ?? 0) === replicas;
    });
  }
}

/** What the doctor finds with these options; without any, on the stack of the tests. */
async function examined(
  options: readonly string[] = ["--stack", stack],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; results: Result[] }> {
  const words = [join(checkoutRoot, "cli", "bootstrap.mjs"), "doctor", "--json", ...options];
  const { code, stdout, stderr } = await new Promise<Ended>((resolve) =>
    execFile("node", words, { env: { ...environment, ...env } }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
  if (!stdout) throw new Error(stderr);
  return { code, results: JSON.parse(stdout) as Result[] };
}

/** The faults that no finding of the check in question names. */
function unnamed(results: readonly Result[], faults: readonly Named[]): string[] {
  return faults.flatMap(([check, words]) => {
    const { findings = [], detail } = results.find(({ name }) => name === check) ?? {};
    const texts = findings.map(({ symptom, cause }) => `${symptom}: ${cause}`);
    return texts.some((text) => words.test(text))
      ? []
      : [`${check} must say ${words}, not ${texts.join(" | ") || detail}`];
  });
}
