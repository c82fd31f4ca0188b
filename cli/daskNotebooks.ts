import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node";
import { services } from "../components/core/services.ts";
import { checkoutRoot } from "../local/support/cache.ts";
import type { Reached } from "./platformEndpoints.ts";
import { forwardService } from "./portForward.ts";

/** Versions that a notebook must share with the Dask cluster. It holds no secret. */
export const pinsFile = join(checkoutRoot, ".dask-requirements.txt");

/** What goes between a notebook and the cluster as objects of these packages. */
const alike = ["cloudpickle", "dask", "distributed", "joblib", "numpy", "pandas", "scikit-learn"];

/** The stack's variable with the address of its scheduler, if it has a Dask cluster. */
export const schedulerVariable = "DASK_SCHEDULER_ADDRESS";

/** The scheduler as this machine reaches it; only a forwarded port ends at one that has no login page. */
export async function reachScheduler(options: {
  kubeconfig: KubeConfig;
  namespace: string;
  onFailure: (reason: string) => void;
}): Promise<Reached> {
  const { name, port } = services.dask;
  const forwarding = await forwardService({ ...options, service: name, port });
  return {
    url: `tls://127.0.0.1:${forwarding.port}`,
    isForwarded: true,
    close: () => forwarding.close(),
  };
}

/** Whether a TLS server answers there; that it wants a certificate it says afterwards. */
export const speaksTls = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, timeout: 2_000 });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("secureConnect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
    socket.once("close", () => end(false));
  });

/** Writes what `pip install -r` makes a notebook like the cluster with, from the lock of its image. */
export function writePins(path = pinsFile): void {
  const read = (file: string) => readFileSync(join(checkoutRoot, "apps", "serving", file), "utf8");
  writeFileSync(path, pinsOf(read("requirements.txt"), read("Dockerfile")));
}

/** After this nothing says how to make a notebook like a cluster that is not there. */
export const removePins = (path = pinsFile): void => rmSync(path, { force: true });

export function pinsOf(lock: string, dockerfile: string): string {
  const python = /^ARG BASE=python:(\d+\.\d+)/m.exec(dockerfile)?.[1];
  const pins = alike.map((name) => new RegExp(`^${name}==[^\\s;]+`, "m").exec(lock)?.[0]);
  if (python === undefined || pins.includes(undefined)) {
    throw new Error(`apps/serving does not say which Python, or which ${alike.join(", ")}, it has`);
  }
  return [
    "# Written by `npm run connect`: what a notebook must share with the Dask cluster.",
    `# Python ${python}`,
    ...pins,
    "",
  ].join("\n");
}
