import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import {
  deployWithImages,
  type DeploymentSteps,
  gkeAccess,
  gkeTarget,
  previewVariables,
  registryAppears,
  registryExists,
  requireTools,
} from "../../cli/gcloud.ts";
import { readSettings } from "../../cli/stackSettings.ts";
import { describeTarget } from "../../cli/target.ts";

const { PATH } = process.env;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gke-"));
});
afterEach(() => {
  process.env["PATH"] = PATH;
  rmSync(folder, { recursive: true });
});

/** A program on PATH that does what its lines of shell say. */
function program(name: string, lines = "exit 0"): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, name), 0o755);
}

const target = { kind: "gke", project: "ml-1", name: "mlops", location: "europe-west1-b" } as const;

test("what a deployment to Google Cloud lacks is named with the way to get it", () => {
  process.env["PATH"] = folder;
  expect(requireTools).toThrow(/^a cluster on Google Cloud needs gcloud, .*install it/);
  program("gcloud");
  expect(requireTools).toThrow(/gcloud components install gke-gcloud-auth-plugin/);
  program("gke-gcloud-auth-plugin");
  expect(requireTools).not.toThrow();
});

const settings = (...config: string[]) =>
  readSettings({ stack: "gke", config: ["gcpProject=ml-project-1", ...config] });
const asksGcloud = (lines: string) => {
  program("gcloud", lines);
  process.env["PATH"] = `${folder}${delimiter}${PATH}`;
};

describe("images are pushed once there is a repository for them", () => {
  test("which Google confirms", async () => {
    asksGcloud(`echo "$@" > ${folder}/asked`);
    expect(await registryExists(settings())).toBe(true);
    expect(readFileSync(join(folder, "asked"), "utf8").trim()).toBe(
      "artifacts repositories describe mlops --project ml-project-1 --location europe-west1",
    );
  });

  test.each(["ERROR: NOT_FOUND: Requested entity was not found.", "ERROR: SERVICE_DISABLED"])(
    "not while Google says %s",
    async (answer) => {
      asksGcloud(`echo "${answer}" >&2; exit 1`);
      expect(await registryExists(settings())).toBe(false);
    },
  );

  test("and any other error is reported at once", async () => {
    asksGcloud("echo 'ERROR: PERMISSION_DENIED' >&2; exit 1");
    await expect(registryExists(settings())).rejects.toThrow("PERMISSION_DENIED");
  });

  test("at once where the settings name a registry", async () => {
    process.env["PATH"] = "/nowhere";
    expect(await registryExists(settings("imageRegistry=registry.example.org/ml"))).toBe(true);
  });

  test("never where the deployment ends without creating one", async () => {
    asksGcloud("echo NOT_FOUND >&2; exit 1");
    expect(await registryAppears(settings(), AbortSignal.abort())).toBe(false);
  });
});

test("the cluster is the one that the stack's outputs name", () => {
  const outputs = { clusterName: "mlops", clusterLocation: "europe-west1-b" };
  expect(gkeTarget(settings(), outputs)).toEqual({ ...target, project: "ml-project-1" });
  // what a deployment that failed has begun can be removed, but not reached
  const { name: _, ...begun } = { ...target, project: "ml-project-1" };
  expect(gkeTarget(settings())).toEqual(begun);
  expect(describeTarget(target)).toBe(
    "the GKE cluster mlops in europe-west1-b of the project ml-1",
  );
});

test("a cluster without a finished deployment is not contacted", async () => {
  await expect(gkeAccess(gkeTarget(settings()))).rejects.toThrow("of this stack failed");
});

test("its credentials go into a separate kubeconfig of the checkout", async () => {
  program("gcloud", `echo "$@" > "$KUBECONFIG"`);
  process.env["PATH"] = `${folder}${delimiter}${PATH}`;
  const { kubeconfig, context } = await gkeAccess(target);
  expect(context).toBe("gke_ml-1_europe-west1-b_mlops");
  expect(readFileSync(kubeconfig!, "utf8").trim()).toBe(
    "container clusters get-credentials mlops --project ml-1 --location europe-west1-b",
  );
  rmSync(kubeconfig!);
});

/** Steps that write down what happens, with a registry that appears while the deployment is under way. */
function steps(own: Partial<DeploymentSteps> = {}): { said: string[]; steps: DeploymentSteps } {
  const said: string[] = [];
  let appear: () => void;
  const appeared = new Promise<void>((resolve) => (appear = resolve));
  return {
    said,
    steps: {
      registryExists: async () => false,
      registryAppears: async () => {
        await appeared;
        return true;
      },
      push: async () => void said.push("images pushed"),
      deploy: async () => {
        said.push("deployment begun");
        appear();
        await new Promise((resolve) => setTimeout(resolve, 10));
        said.push("deployment ended");
        return 0;
      },
      ...own,
    },
  };
}

test("the first time images are pushed while the cluster is made", async () => {
  const { said, steps: first } = steps();
  expect(await deployWithImages(first)).toBe(0);
  expect(said).toEqual(["deployment begun", "images pushed", "deployment ended"]);
});

test("later they are pushed before the pods that need them", async () => {
  const { said, steps: later } = steps({ registryExists: async () => true });
  expect(await deployWithImages(later)).toBe(0);
  expect(said).toEqual(["images pushed", "deployment begun", "deployment ended"]);
});

test("a deployment that fails before there is a registry ends at once, and nothing is pushed", async () => {
  const { said, steps: failing } = steps({
    deploy: async () => 255,
    registryAppears: (isOver) =>
      new Promise((resolve) => isOver.addEventListener("abort", () => resolve(false))),
  });
  expect(await deployWithImages(failing)).toBe(255);
  expect(said).toEqual([]);
});

test("a failed push is reported after the deployment has ended", async () => {
  const { said, steps: failing } = steps({
    push: () => Promise.reject(new Error("log in with docker login")),
  });
  await expect(deployWithImages(failing)).rejects.toThrow("log in with docker login");
  expect(said).toEqual(["deployment begun", "deployment ended"]);
});

describe("a preview", () => {
  const noHome = { HOME: "/nonexistent" };

  test("needs no account for a first look at the costs", () => {
    expect(previewVariables(noHome)).toEqual({
      GOOGLE_OAUTH_ACCESS_TOKEN: "none",
      PULUMI_GCP_SKIP_REGION_VALIDATION: "true",
    });
  });

  test.each(["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"])(
    "uses the credentials in %s",
    (name) => {
      const env = { ...noHome, [name]: "something" };
      expect(previewVariables(env)).toEqual({});
    },
  );

  test("uses those of `gcloud auth application-default login`", () => {
    writeFileSync(join(folder, "application_default_credentials.json"), "{}");
    const env = { ...noHome, CLOUDSDK_CONFIG: folder };
    expect(previewVariables(env)).toEqual({});
  });
});
