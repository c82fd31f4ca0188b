import { join, relative } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import type { Options } from "../commandLine.ts";
import { endpointsOf, reach } from "../platformEndpoints.ts";
import { openPlatform } from "../runningPlatform.ts";
import { modelsOf } from "../servedModels.ts";
import { dashboards } from "./dashboards.ts";

const folder = join(checkoutRoot, "docs", "images");

/** Takes the pictures of README and docs again: the dashboards of the last ten minutes, and the prediction page. */
export async function screenshots(options: Options): Promise<number> {
  await dashboards({ ...options, png: true, out: folder, minutes: "10" });
  const { kubeconfig, deployment, outputs } = await openPlatform(options);
  const page = endpointsOf(outputs).find(({ name }) => name === "prediction")!;
  const { namespace } = deployment;
  const reached = await reach(page, { kubeconfig, namespace, from: "loopback" });
  try {
    const { savePagePictures } = await import("../../tools/dashboards/pagePictures.ts");
    const [first] = modelsOf(outputs);
    const files = await savePagePictures(reached.url, first!.name, folder);
    files.forEach((file) => console.log(`✓ ${relative(process.cwd(), file)}`));
  } finally {
    await reached.close();
  }
  return 0;
}
