import { mlflow } from "../../cli/mlflow.ts";
import { predict, servedModel, type ServedModel } from "../../cli/prediction.ts";
import { mlops } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

/** What a backup is for: someone deletes a model, and it comes back with all that belongs to it. */
export function describeBackup(outputs: () => Record<string, string>): void {
  const name = "diabetes-progression";
  const tracking = () =>
    mlflow(outputs()["mlflowTrackingUri"]!, "admin", outputs()["mlflowAdminPassword"]!);
  const url = () => outputs()["modelServingUrl"]!;
  const versions = async () => {
    const { model_versions } = await tracking().call<{
      model_versions: { version: string; run_id: string; creation_timestamp: number }[];
    }>(`model-versions/search?filter=name%3D'${name}'`);
    return model_versions.map((one) => [one.version, one.run_id, one.creation_timestamp]);
  };
  const predicted = async () => {
    const { version, value } = await predict(url(), (await servedModel(url())) as ServedModel);
    return { version, value };
  };

  test("`backup` makes a snapshot that is listed as complete", async () => {
    expect((await mlops("backup")).code).toBe(0);
    const { code, stdout } = await mlops("backups");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{8} .* yes$/m);
  });

  test("`restore` brings back a model that was deleted, and is served as before", async () => {
    const before = { versions: await versions(), predicted: await predicted() };
    await tracking().call("registered-models/delete", { name }, "DELETE");
    await waitUntil("it is no longer served", 60, async () => {
      return typeof (await servedModel(url())) === "string";
    });
    const { code, stdout, stderr } = await mlops("restore", "--replace");
    expect([code, stdout + stderr]).toEqual([0, expect.stringMatching(/the backup's data/)]);
    await waitUntil("it is served again", 60, async () => {
      expect(await predicted()).toEqual(before.predicted);
      return true;
    });
    expect(await versions()).toEqual(before.versions);
  });
}
