import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { gkeAccess, gkeTarget, requireTools } from "../../local/gke.ts";
import { readSettings } from "../../local/settings.ts";
import { describeTarget } from "../../local/target.ts";

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
  expect(requireTools).toThrow(/^a cluster on Google Cloud needs pulumi, .*install it/);
  program("pulumi");
  expect(requireTools).toThrow(/needs gcloud, .*install it/);
  program("gcloud");
  expect(requireTools).toThrow(/gcloud components install gke-gcloud-auth-plugin/);
  program("gke-gcloud-auth-plugin");
  expect(requireTools).not.toThrow();
});

test("the cluster is the one that the stack's outputs name", () => {
  const settings = readSettings({
    stack: "gke",
    config: ["gcpProject=ml-project-1"],
  });
  const outputs = { clusterName: "mlops", clusterLocation: "europe-west1-b" };
  expect(gkeTarget(settings, outputs)).toEqual({ ...target, project: "ml-project-1" });
  expect(describeTarget(target)).toBe(
    "the GKE cluster mlops in europe-west1-b of the project ml-1",
  );
});

test("its credentials go into a kubeconfig of the checkout's own", async () => {
  program("gcloud", `echo "$@" > "$KUBECONFIG"`);
  process.env["PATH"] = `${folder}${delimiter}${PATH}`;
  const { kubeconfig, context } = await gkeAccess(target);
  expect(context).toBe("gke_ml-1_europe-west1-b_mlops");
  expect(readFileSync(kubeconfig!, "utf8").trim()).toBe(
    "container clusters get-credentials mlops --project ml-1 --location europe-west1-b",
  );
  rmSync(kubeconfig!);
});
