import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { imagesOf } from "../../../cli/stackImages.ts";
import { ensureHelm } from "../../../local/cluster/index.ts";
import { run } from "../../../local/support/process.ts";
import { isObject } from "../../support/wire.ts";
import type { Json, JsonObject } from "../../support/recorder.ts";
import { keysSent, listText, valuesSent } from "./sent.ts";

/*
 * Writes the list of a chart's keys that we set, after a chart's version in components/core/versions.ts was changed:
 *
 *   helm pull oci://ghcr.io/prometheus-community/charts/prometheus --version <version> --untar --untardir /tmp/charts
 *   node test/contract/chartKeys/list.ts /tmp/charts/prometheus
 *
 * A key is the chart's if its values.yaml (what `helm show values` prints) has it, or if one of its templates reads
 * `.Values.<key>`: keys without a default are comments in values.yaml. Any other key that we set is refused. The images
 * are those that the chart deploys by itself.
 */

/** Values of a chart and of the charts inside it, and every `.Values.…` that their templates read, by its path. */
function officialKeys(folder: string, prefix = ""): { values: Json; read: Set<string> } {
  const values = parse(readFileSync(join(folder, "values.yaml"), "utf8")) as Record<string, Json>;
  const templates = readdirSync(join(folder, "templates"), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ya?ml|tpl)$/.test(file))
    .map((file) => readFileSync(join(folder, "templates", file), "utf8"));
  const read = new Set(
    templates.flatMap((text) =>
      [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => prefix + path),
    ),
  );
  let inner: string[] = [];
  try {
    inner = readdirSync(join(folder, "charts"));
  } catch {
    // a chart without others
  }
  for (const name of inner) {
    const chart = officialKeys(join(folder, "charts", name), `${prefix}${name}.`);
    values[name] = { ...(chart.values as object), ...(values[name] as object) };
    for (const path of chart.read) read.add(path);
  }
  return { values, read };
}

function isOfficial(path: readonly string[], values: Json, read: Set<string>): boolean {
  let inner: Json | undefined = values;
  for (const key of path) inner = isObject(inner) ? inner[key] : undefined;
  return inner !== undefined || read.has(path.join("."));
}

const folder = process.argv[2]!;
const chart = parse(readFileSync(join(folder, "Chart.yaml"), "utf8")) as {
  name: "prometheus" | "grafana";
  version: string;
};
const { values, read } = officialKeys(folder);
const keys = await keysSent(chart.name);
const strange = keys.filter((path) => !isOfficial(path, values, read));
if (strange.length > 0) {
  throw new Error(`the chart has no ${strange.map((path) => path.join(".")).join(", ")}`);
}
const list = listText(chart.version, await officialImages(), keys);
writeFileSync(join(import.meta.dirname, `${chart.name}.txt`), list);

/** What the chart itself would deploy with our values, but for the images among them. */
async function officialImages(): Promise<string[]> {
  const withoutImages = JSON.stringify(await valuesSent(chart.name), (key, value: unknown) =>
    key === "image" ? undefined : value,
  );
  const helm = await ensureHelm();
  const words = ["template", chart.name, folder, "--skip-tests", "--values", "-"];
  const manifest = await run(helm, words, { input: withoutImages });
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as JsonObject);
  return imagesOf(objects.map((inputs) => ({ type: "kubernetes:", name: chart.name, inputs }))).map(
    ({ reference }) => reference,
  );
}
