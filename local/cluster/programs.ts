import { existsSync } from "node:fs";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkoutRoot, claimCache } from "../support/cache.ts";
import { contentKey, type GoBuild, goBuildOnce } from "../support/goBuild.ts";
import { run, which } from "../support/process.ts";
import { clusterName, clusterPaths } from "./clusterLayout.ts";

const sources = join(checkoutRoot, "local/cluster");

/** Everything the programs are made of, in a fixed order. */
const inputs = [
  ...["go.mod", "go.sum"],
  ...["main.go", "metricsServer.go", "networkPolicies.go", "volumes.go", "pause/main.go"],
];

/** Paths of what the cluster runs: every component in one program, and the program of the sandbox container. */
export interface Programs {
  cluster: string;
  pause: string;
}

/** Builds the cluster's programs from the Go module, unless that was done before. */
export async function ensurePrograms(
  root: string,
  onProgress: (message: string) => void,
): Promise<Programs> {
  const { kubernetes } = versions(await readFile(join(sources, "go.mod"), "utf8"));
  const build = (name: string, target: string, more: Partial<GoBuild> = {}) =>
    ensureProgram(root, name, {
      target,
      goRequired:
        "The local cluster is built with Go 1.26, but {found} installed; install it from https://go.dev/dl and put it on PATH",
      diskFull:
        "The disk is full: building the local cluster needs about 10 GB for Go's caches (`go env GOCACHE GOMODCACHE`) and 0.3 GB for the result; free some space and start again",
      ...more,
    });
  return {
    pause: await build("pause", "./pause"),
    cluster: await build("cluster", ".", {
      linkerFlags: kubernetes.flags,
      onProgress: (detail) =>
        onProgress(`building Kubernetes ${kubernetes.name} (4 to 10 minutes, once): ${detail}`),
    }),
  };
}

export interface HelmOptions {
  /** Called with the progress of a build, if one is needed. */
  onProgress?: (message: string) => void;
  /** Ends the build early. */
  signal?: AbortSignal;
  /** Where a helm that was built is kept. */
  folder?: string;
}

/** Path of a helm 3: the one on PATH, else one that is built from the same Go module, once. */
export async function ensureHelm(options: HelmOptions = {}): Promise<string> {
  const installed = which("helm");
  if (installed && (await isUsableHelm(installed))) return installed;
  const { helm } = versions(await readFile(join(sources, "go.mod"), "utf8"));
  if (options.folder === undefined) claimCache();
  return await ensureProgram(options.folder ?? clusterPaths().programs, "helm", {
    target: "helm.sh/helm/v3/cmd/helm",
    linkerFlags: helm.flags,
    onProgress: (detail) =>
      options.onProgress?.(`building helm ${helm.name} (3 minutes, once): ${detail}`),
    signal: options.signal,
    goRequired:
      "Charts are installed by helm 3.13 or newer, which is not on PATH, and {found} there to build it with; install helm (https://helm.sh/docs/intro/install) or Go (https://go.dev/dl)",
    diskFull:
      "The disk is full: building helm needs about 2 GB for Go's caches (`go env GOCACHE GOMODCACHE`); free some space and start again",
  });
}

/** Whether this is a helm 3 with the commands that are needed here, `get metadata` among them. */
async function isUsableHelm(program: string): Promise<boolean> {
  const version = await run(program, ["version", "--template", "{{.Version}}"]).catch(() => "");
  const [, minor = 0] = (/^v3\.(\d+)\./.exec(version.trim()) ?? []).map(Number);
  return minor >= 13;
}

/** A program of the module, in a folder that is named after what it is built from. */
async function ensureProgram(
  root: string,
  name: string,
  { goRequired, ...build }: Omit<GoBuild, "cwd" | "output"> & { goRequired: string },
): Promise<string> {
  const key = await contentKey(sources, inputs);
  const program = join(root, key, name);
  if (existsSync(program)) return program;
  await goBuildOnce({ cwd: sources, output: program, ...build }, (found) =>
    goRequired.replace("{found}", found),
  );
  // Nothing uses the programs of earlier versions; a running cluster keeps its open files.
  const others = (await readdir(root)).filter((other) => other !== key);
  await Promise.all(others.map((other) => rm(join(root, other), { recursive: true, force: true })));
  return program;
}

interface Version {
  name: string;
  /** Make the program report this version. */
  flags: string;
}

/** The versions that the API server and helm report, from the module's own requirements. */
export function versions(goMod: string): { kubernetes: Version; helm: Version } {
  const versionOf = (path: string): string => {
    const found = new RegExp(`^\\s*${path} (v\\S+)`, "m").exec(goMod)?.[1];
    if (!found) throw new Error(`local/cluster/go.mod requires no ${path}`);
    return found;
  };
  const set = (variables: Record<string, string>) =>
    Object.entries(variables)
      .map(([variable, value]) => ` -X ${variable}=${value}`)
      .join("");
  const kubernetes = versionOf("k8s.io/kubernetes");
  const helm = versionOf("helm.sh/helm/v3");
  const [major = "", minor = ""] = kubernetes.slice(1).split(".");
  return {
    kubernetes: {
      name: kubernetes,
      flags: set({
        // as in k3s, so that the nodes identify the kind of cluster
        "k8s.io/component-base/version.gitVersion": `${kubernetes}+${clusterName}`,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
      }),
    },
    helm: {
      name: helm,
      flags: set({
        "helm.sh/helm/v3/internal/version.version": helm,
        // what helm assumes without a cluster
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": major,
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": minor,
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor": major,
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor": minor,
      }),
    },
  };
}
