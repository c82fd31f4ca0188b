import { createServer } from "node:net";
import { endpoints, isHealthy } from "../../cli/platformEndpoints.ts";
import { runningPods } from "./faults/clusterParts.ts";
import type { Fault } from "./faults/fault.ts";
import { faults } from "./faults/faultTable.ts";
import { measure, platformOf, record } from "./faults/measure.ts";
import { api, mlops, namespace, start } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";
import { startWriters, type Writers } from "./support/writers.ts";

/** What the platform survives: the rows of the table in docs/explanation/reliability.md. */
export function describeFaults(
  outputs: () => Record<string, string>,
  chosen: readonly Fault[] = faults.filter(({ isSlow }) => !isSlow),
): void {
  describe("while 20 clients write and others predict", () => {
    let writers: Writers;
    beforeAll(async () => {
      const variables = outputs()["notebookEnv"] as unknown as Record<string, string>;
      writers = await startWriters(variables);
    });
    afterAll(() => writers.stop());

    test.each(chosen.map((fault) => [fault.name, fault] as const))("%s", async (_, fault) => {
      const measured = await measure(fault, platformOf(outputs()), writers);
      record(measured);
      const { predictions, writes } = measured;
      expect(writes.written).toBeGreaterThan(0);
      expect(writes.lost).toEqual([]);
      if (fault.unnoticed?.includes("predictions")) expect(predictions.failed).toEqual({});
      if (fault.unnoticed?.includes("writes")) expect(writes.errors).toEqual({});
    });
  });

  test("`connect --forward` avoids a taken port and outlives the pod behind it", async () => {
    const localPort = endpoints.tracking.service.port;
    const occupant = createServer();
    occupant.on("error", () => {}); // taken by someone else is as good
    occupant.listen(localPort, "127.0.0.1");
    const connect = start("connect", "--forward");
    try {
      await waitUntil("connected", 60, () => connect.output.stdout.includes("Ctrl-C"));
      const url = /MLflow +(http:\/\/127\.0\.0\.1:\d+)/.exec(connect.output.stdout)?.[1] ?? "";
      expect(url).not.toMatch(new RegExp(`:(${localPort}|30001)$`));
      const answers = () => isHealthy(url, endpoints.tracking);
      expect(await answers()).toBe(true);
      const pod = (await runningPods()).find(({ metadata }) =>
        metadata.name.startsWith("mlflow-"),
      )!;
      await api().call("DELETE", `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`);
      await waitUntil("the pod is gone", 60, async () => {
        return !(await api().pods(namespace)).some(
          ({ metadata }) => metadata.name === pod.metadata.name,
        );
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
}
