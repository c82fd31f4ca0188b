import { makeBundle, sizeOf } from "../bundle/makeBundle.ts";
import type { Options } from "../commandLine.ts";
import { declaredResources } from "../declaredResources.ts";
import { readDeployment } from "../deployment.ts";
import { imagesOf } from "../stackImages.ts";
import { readSettings } from "../stackSettings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import { UserError } from "../../local/support/errors.ts";
import { sha256 } from "../../local/support/fileHash.ts";
import { holdImageTags } from "../../program/images.ts";

/** Everything that `up` of a stack needs where there is no network, in one file. */
export async function bundle({
  output,
  ...options
}: Options & { readonly output?: string }): Promise<number> {
  if (output === undefined) {
    throw new UserError("name the file to write: npm run bundle -- --output FILE");
  }
  holdImageTags();
  const settings = readSettings(options);
  const charts = await chooseCharts(settings, readDeployment(settings.stack));
  if (charts === "stand-in") console.error(standInSentence);
  const images = imagesOf(await declaredResources(settingsFor(charts, settings)));
  const references = images.map(({ reference }) => reference);
  const { packages } = await makeBundle(settings, charts, references, output);
  console.error(
    `${references.length} images, ${Object.keys(packages).length} npm packages, ${await sizeOf(output)}`,
  );
  // as `sha256sum --check` reads it
  console.log(`${await sha256(output)}  ${output}`);
  return 0;
}
