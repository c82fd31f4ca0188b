import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterPaths } from "../../../local/cluster/clusterLayout.ts";
import { type Descriptor, layersPresent } from "../../../local/cluster/nodeImages.ts";
import { exportLayout } from "../../../local/images/buildahImages.ts";
import { imageFor } from "../../../local/images/image.ts";

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const system = process.env["PATH"];
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mlops-layers-"))));
afterEach(() => {
  process.env["PATH"] = system;
  rmSync(folder, { recursive: true });
});

const tracking = imageFor("tracking", "localhost/mlops");
const predict = imageFor("predict", "localhost/mlops");
const contents: Record<string, string[]> = {
  [tracking.reference]: ["system", "mlflow"],
  [predict.reference]: ["system", "streamlit"],
};
const packed = (content: string): Descriptor => ({
  mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
  digest: sha(`packed ${content}`),
  size: 7,
});
const blobIn = (layout: string, digest: string) => join(layout, "blobs", digest.replace(":", "/"));

/** What buildah does: it compresses each layer of which the folder has no file under the name of its content. */
function buildah([command, ...words]: readonly string[]): Promise<string> {
  const reference = words.at(command === "push" ? -2 : -1)!;
  const layers = contents[reference]!;
  if (command === "inspect") {
    return Promise.resolve(JSON.stringify({ OCIv1: { rootfs: { diff_ids: layers.map(sha) } } }));
  }
  const layout = words.at(-1)!.split(":")[1]!;
  const put = (text: string) => {
    writeFileSync(blobIn(layout, sha(text)), text);
    return { digest: sha(text), size: text.length };
  };
  const described = layers.map((content) => {
    const found = existsSync(blobIn(layout, sha(content)));
    if (!found) put(`packed ${content}`);
    return found ? { mediaType: "tar", digest: sha(content), size: 0 } : packed(content);
  });
  const index = join(layout, "index.json");
  const known = existsSync(index)
    ? (JSON.parse(readFileSync(index, "utf8")) as { manifests: object[] }).manifests
    : [];
  const annotations = { "org.opencontainers.image.ref.name": reference };
  const manifest = { ...put(JSON.stringify({ layers: described })), annotations };
  writeFileSync(index, JSON.stringify({ manifests: [...known, manifest] }));
  return Promise.resolve("");
}

/** The layers that each image of a layout names, and the files that are there. */
async function exported(images: (typeof tracking)[], present?: Map<string, Descriptor>) {
  const layout = join(folder, "layout");
  await exportLayout({ folder, env: process.env, buildah }, images, layout, present);
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    manifests: Descriptor[];
  };
  const named = manifests.map(({ digest, size }) => {
    const text = readFileSync(blobIn(layout, digest), "utf8");
    expect({ digest: sha(text), size: text.length }).toEqual({ digest, size });
    return (JSON.parse(text) as { layers: Descriptor[] }).layers;
  });
  const files = readdirSync(join(layout, "blobs/sha256")).map((name) => `sha256:${name}`);
  const isManifest = new Set(manifests.map(({ digest }) => digest));
  return { named, layers: files.filter((digest) => !isManifest.has(digest)).sort() };
}

test("an archive stores shared layers once", async () => {
  const { named, layers } = await exported([tracking, predict]);
  expect(named).toEqual([
    [packed("system"), packed("mlflow")],
    [packed("system"), packed("streamlit")],
  ]);
  const all = ["system", "mlflow", "streamlit"].map((content) => packed(content).digest);
  expect(layers).toEqual(all.sort());
});

test("it refers to the layers that the cluster has, and contains the others", async () => {
  const there = { ...packed("system"), digest: sha("the cluster's own"), size: 9 };
  const { named, layers } = await exported([predict], new Map([[sha("system"), there]]));
  expect(named).toEqual([[there, packed("streamlit")]]);
  expect(layers).toEqual([packed("streamlit").digest]);
});

test("the cluster has only layers whose files it has kept", async () => {
  const containerd = join(folder, "containerd");
  const store = join(containerd, "io.containerd.content.v1.content");
  mkdirSync(join(store, "blobs/sha256"), { recursive: true });
  const put = (content: object | string) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(blobIn(store, sha(text)), text);
    return { mediaType: "", digest: sha(text), size: text.length };
  };
  const kept = put("packed system");
  const config = put({ rootfs: { diff_ids: [sha("system"), sha("gone")] } });
  const image = put({ config, layers: [kept, packed("gone")] });
  const list = `REF TYPE DIGEST SIZE\nlocalhost/mlops/tracking:1 manifest ${image.digest} 1 MiB\n`;
  const program = join(folder, "ctr");
  writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${list}END\n`);
  chmodSync(program, 0o755);
  process.env["PATH"] = `${folder}:${system}`;
  const paths = { ...clusterPaths(folder), containerd, containerdSocket: program };
  expect(await layersPresent(paths)).toEqual(new Map([[sha("system"), kept]]));
});
