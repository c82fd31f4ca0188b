import { join, relative } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import type { Options } from "../commandLine.ts";
import { mlflow } from "../mlflow.ts";
import { type EndpointName, endpointsOf, reach } from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { modelsOf } from "../servedModels.ts";
import { dashboards } from "./dashboards.ts";

const folder = join(checkoutRoot, "docs", "images");

/** Takes the pictures of README and docs again: the dashboards of the last ten minutes, the prediction page, and MLflow. */
export async function screenshots(options: Options): Promise<number> {
  await dashboards({ ...options, png: true, out: folder, minutes: "10" });
  const { kubeconfig, deployment, outputs } = await openPlatform(options);
  const { namespace } = deployment;
  const pictures = await import("../../tools/dashboards/pagePictures.ts");
  const [model] = modelsOf(outputs);
  const picture = async (name: EndpointName, take: (url: string) => Promise<string[]>) => {
    const endpoint = endpointsOf(outputs).find((one) => one.name === name)!;
    const reached = await reach(endpoint, { kubeconfig, namespace, from: "loopback" });
    try {
      const files = await take(reached.url);
      files.forEach((file) => console.log(`✓ ${relative(process.cwd(), file)}`));
    } finally {
      await reached.close();
    }
  };
  await picture("prediction", (url) => pictures.savePagePictures(url, model!.name, folder));
  await picture("tracking", async (url) => {
    const username = String(outputs["mlflowUsername"]);
    const password = String(outputs["mlflowPassword"]);
    const { experiment } = await mlflow(url, username, password).call<{
      experiment: { experiment_id: string };
    }>(`experiments/get-by-name?experiment_name=${model!.name}`);
    const shown = { ...model!, experimentId: experiment.experiment_id };
    return await pictures.saveMlflowPictures(url, { username, password }, shown, folder);
  });
  return 0;
}
