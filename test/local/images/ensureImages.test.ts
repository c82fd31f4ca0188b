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
import { imageReference } from "../../../program/images.ts";
import { ensureImages } from "../../../local/images/index.ts";
import type { OwnCluster } from "../../../program/ownCluster.ts";
import { cacheRoot } from "../../../local/support/cache.ts";

// The programs of other people are replaced by scripts that note how they were called.
let folder: string;
const before = { ...process.env };
const log = () => join(folder, "calls");
const calls = () =>
  existsSync(log()) ? readFileSync(log(), "utf8").trim().split("\n").filter(Boolean) : [];

function program(name: string, body = ""): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> ${log()}\n${body}\n`);
  chmodSync(path, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ensure-images-"));
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "tmp"));
  process.env = { PATH: join(folder, "bin"), HOME: folder, TMPDIR: join(folder, "tmp") };
  process.env["MLOPS_CACHE_DIR"] = join(folder, "cache");
  jest.spyOn(console, "error").mockImplementation(() => {});
  program("skopeo", "exit 1");
});
afterEach(() => {
  process.env = { ...before };
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const kind = {
  target: "context",
  context: "dev",
  own: { kind: "kind", cluster: "dev" },
  apps: ["tracking"],
} as const;
const desktop = { ...kind, own: { kind: "docker" } } as const;
const tracking = imageReference("tracking");
const withoutImage = '[ "$1" != image ] && [ "$1" != exec ]';

test("a model's image is built on the model server's, and it alone is loaded", async () => {
  program("docker", withoutImage);
  program("kind");
  await ensureImages({ ...kind, apps: ["model-diabetes-progression"] });
  const serving = imageReference("serving");
  const model = imageReference("model-diabetes-progression");
  const builds = calls().filter((call) => call.startsWith("docker build"));
  expect(builds[0]).toContain(` --tag ${serving} `);
  expect(builds[1]).toContain(` --tag ${model} `);
  expect(builds[1]).toContain(
    ` --build-arg BASE=${serving} --build-arg FOLDER=models/diabetes-progression `,
  );
  expect(builds[1]).toMatch(/--file \S+\/apps\/model\/Dockerfile /);
  expect(builds).toHaveLength(2);
  expect(calls().filter((call) => call.startsWith("kind"))).toEqual([
    `kind load docker-image ${model} --name dev`,
  ]);
});

test("a model with a folder is built on its runtime, which is built on the model server's image", async () => {
  program("docker", withoutImage);
  program("kind");
  const image = "runtime-catboost/model-diabetes-progression" as const;
  await ensureImages({ ...kind, apps: [image] });
  const builds = calls().filter((call) => call.startsWith("docker build"));
  const built = builds.map((call) => / --tag (\S+) /.exec(call)?.[1]);
  expect(built).toEqual([
    imageReference("serving"),
    imageReference("runtime-catboost"),
    imageReference(image),
  ]);
  expect(calls().filter((call) => call.startsWith("kind"))).toEqual([
    `kind load docker-image ${imageReference(image)} --name dev`,
  ]);
});

test("Minikube without Docker builds a model's image on the model server's that it has", async () => {
  const serving = imageReference("serving");
  const model = imageReference("model-diabetes-progression");
  program("minikube", `[ "$4" = ls ] && echo ${serving}; true`);
  await ensureImages({ target: "minikube", apps: ["model-diabetes-progression"] });
  const builds = calls().filter((call) => call.includes(" image build "));
  expect(builds).toHaveLength(1);
  expect(builds[0]).toContain(
    ` --tag ${model} --build-opt build-arg=BASE=${serving} --build-opt build-arg=FOLDER=models/diabetes-progression --file apps/model/Dockerfile `,
  );
});

test("a cluster of kind gets images that Docker builds and kind copies", async () => {
  program("docker", withoutImage);
  program("kind");
  await ensureImages(kind);
  const [build] = calls().filter((call) => call.startsWith("docker build"));
  expect(build).toMatch(
    / --tag localhost\/mlops\/tracking:[0-9a-f]{12}-\d{8} .* --file \S+\/tracking\/Dockerfile /,
  );
  expect(build).toContain("--secret id=pipconf,src=");
  expect(calls().at(-1)).toBe(`kind load docker-image ${tracking} --name dev`);
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
});

test("nothing is built or copied that the cluster has under its current tag", async () => {
  program("docker");
  program("kind");
  await ensureImages(kind);
  expect(calls().slice(1)).toEqual([
    `docker exec dev-control-plane crictl inspecti -q ${tracking}`,
  ]);
});

test("with force an existing image is rebuilt", async () => {
  program("docker");
  program("kind");
  await ensureImages({ ...kind, force: true });
  const builds = calls().filter((call) => call.startsWith("docker build"));
  expect(builds).toEqual([expect.stringContaining(" --no-cache ")]);
  expect(calls().at(-1)).toBe(`kind load docker-image ${tracking} --name dev`);
});

test("a cluster of k3d gets its images imported", async () => {
  program("docker", withoutImage);
  program("k3d");
  await ensureImages({ ...kind, own: { kind: "k3d", cluster: "dev" } });
  expect(calls().at(-1)).toBe(`k3d image import ${tracking} --cluster dev`);
});

test("Docker Desktop's cluster uses Docker's images", async () => {
  program("docker", withoutImage);
  await ensureImages(desktop);
  expect(calls().at(-1)).toMatch(/^docker build /);
});

test("Minikube gets images from Docker, and builds them itself where there is none", async () => {
  program("minikube");
  program("docker", withoutImage);
  await ensureImages({ target: "minikube", apps: ["tracking"] });
  expect(calls().at(-1)).toBe(`minikube --profile minikube image load ${tracking}`);

  rmSync(join(folder, "bin", "docker"));
  await ensureImages({ target: "minikube", apps: ["tracking"] });
  expect(calls().at(-1)).toMatch(
    /^minikube --profile minikube image build --tag \S+ --file tracking\/Dockerfile /,
  );
});

test("Minikube is not touched when it has the image", async () => {
  program("minikube", `echo ${tracking}`);
  await ensureImages({ target: "minikube", apps: ["tracking"] });
  expect(calls()).toEqual(["minikube --profile minikube image ls --format short"]);
});

test("any other cluster gets its images through the registry", async () => {
  program("docker", withoutImage);
  const registry = "example.org/mlops";
  await ensureImages({ target: "context", context: "gke", registry, apps: ["tracking"] });
  expect(calls().at(-1)).toBe(`docker push ${imageReference("tracking", registry)}`);
});

describe("a push", () => {
  const registry = "europe-west3-docker.pkg.dev/my-project/mlops";
  const push = () =>
    ensureImages({ target: "context", push: true, registry, apps: ["tracking", "serving"] });
  const said = () => jest.mocked(console.error).mock.calls.map(([line]) => String(line));

  test("builds and pushes the images that the registry lacks, with progress", async () => {
    program("docker", '[ "$1" != image ]');
    await push();
    expect(calls().filter((call) => call.startsWith("docker push"))).toEqual([
      `docker push ${imageReference("tracking", registry)}`,
      `docker push ${imageReference("serving", registry)}`,
    ]);
    expect(said()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^✓ Querying the registry · 0 of 2 images /),
        expect.stringMatching(/^✓ Pushing the image serving /),
      ]),
    );
  });

  test("builds nothing that the registry has under its current tag", async () => {
    program("docker");
    program("skopeo");
    await push();
    expect(calls().filter((call) => /^docker (build|push)/.test(call))).toEqual([]);
    expect(said().at(-1)).toMatch(/^✓ Querying the registry · 2 of 2 images /);
  });

  test("ends before anything is built without a login", async () => {
    program("docker");
    program("skopeo", "echo unauthorized; exit 1");
    await expect(push()).rejects.toThrow(
      "the registry europe-west3-docker.pkg.dev does not let this machine push; log in with `gcloud auth login` and `gcloud auth configure-docker europe-west3-docker.pkg.dev`",
    );
    expect(calls().filter((call) => /^docker (build|push)/.test(call))).toEqual([]);
  });

  test("reports in one sentence why the registry refuses an image", async () => {
    program("docker", '[ "$1" != image ] && [ "$1" != push ] || { echo "name unknown"; exit 1; }');
    await expect(push()).rejects.toThrow(
      "the registry europe-west3-docker.pkg.dev has no repository for my-project/mlops/tracking; create it first, which `npm run up` does on Google Cloud",
    );
  });
});

test.each<[string, OwnCluster, string]>([
  ["kind", kind.own, "loading images into this cluster needs the command kind; put it on PATH"],
  ["Docker Desktop", desktop.own, "building images for this cluster needs Docker; install it"],
  [
    "Minikube",
    { kind: "minikube", profile: "minikube" },
    "loading images into Minikube needs the command minikube; put it on PATH",
  ],
])("the missing program for %s is named", async (_, own, message) => {
  await expect(ensureImages({ ...kind, own })).rejects.toThrow(message);
});

test("a Docker that does not answer is distinguished from a missing one", async () => {
  program("docker", "exit 1");
  await expect(ensureImages(desktop)).rejects.toThrow(
    "building images for this cluster needs Docker, which does not answer; start Docker and run this again",
  );
});

test("a full disk of Docker is reported in one sentence", async () => {
  program(
    "docker",
    `${withoutImage} && [ "$1" != build ] || { echo "no space left on device"; exit 1; }`,
  );
  await expect(ensureImages(desktop)).rejects.toThrow(
    "Docker's disk became full while building images, which takes 5 GB there; free some with `docker system prune` or enlarge it",
  );
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
});

const onLinux = process.platform === "linux" ? test : test.skip;
onLinux(
  "a disk that fills up while building without Docker is reported, and no partial files stay",
  async () => {
    jest.spyOn(process, "getuid").mockReturnValue(0);
    for (const name of ["gpgv", "buildah"]) program(name);
    program(
      "mmdebstrap",
      'echo half > "$TMPDIR/half"; echo "tar: No space left on device"; exit 2',
    );
    const registry = "example.org/mlops";
    const failure = ensureImages({
      target: "context",
      context: "gke",
      registry,
      apps: ["tracking"],
    });
    await expect(failure).rejects.toThrow(
      /^the disk with \S+\/cache\/mlops-platform\/images became full while building images: it had [\d.]+ GB free, and a first build takes 5 GB; free some space or set MLOPS_CACHE_DIR to a folder on a larger disk$/,
    );
    expect(readdirSync(cacheRoot())).toEqual([".mlops-cache"]);
  },
);
