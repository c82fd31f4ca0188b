import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { version as sdkVersion } from "@pulumi/pulumi/version.js";
import { checkoutRoot, workFolder } from "../../local/support/cache.ts";
import { lockHolder } from "../../local/support/lock.ts";
import { which } from "../../local/support/process.ts";
import { readDeployment } from "../deployment.ts";
import { findPulumi } from "../findPulumi.ts";
import { lockHolders } from "../pulumiLocks.ts";
import { type Check, type Finding, findingsOr } from "./check.ts";

interface Package {
  version: string;
  engines?: { node?: string };
  dependencies?: Record<string, string>;
}

const packageAt = (...path: string[]): Package | undefined => {
  const file = join(checkoutRoot, ...path, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Package) : undefined;
};

/** What this machine needs, before any cluster. */
export const toolChecks: readonly Check[] = [
  {
    name: "tools",
    run: async () =>
      findingsOr(
        which("npm")
          ? []
          : [
              {
                symptom: "npm is not on PATH",
                cause: "packages that are out of date cannot be installed",
                fix: "install Node.js 22 with npm (https://nodejs.org)",
              },
            ],
        `Node ${process.versions.node}, npm`,
      ),
  },
  {
    name: "packages",
    run: async () => {
      const wanted = Object.entries(packageAt()?.dependencies ?? {});
      const wrong = wanted.flatMap(([name, version]) => {
        const installed = packageAt("node_modules", name)?.version;
        return installed === version ? [] : `${name} ${installed ?? "is missing"}, not ${version}`;
      });
      return findingsOr(
        wrong.map((cause) => ({
          symptom: "the installed packages are not those of package-lock.json",
          cause,
          fix: "npm ci",
        })),
        `${wanted.length} of package.json`,
      );
    },
  },
  {
    name: "engine",
    run: async ({ deployment }) => {
      const pulumi = await findPulumi();
      const engine = deployment?.engine ?? (pulumi ? "pulumi" : "builtin");
      if (engine === "builtin") return "the built-in engine";
      if (pulumi) return `Pulumi CLI ${String(pulumi.version)}, SDK ${sdkVersion}`;
      return [
        {
          symptom: "the Pulumi CLI, which this stack was deployed with, cannot be found",
          cause: "it is neither on PATH nor in this project's cache",
          fix: "curl -fsSL https://get.pulumi.com | sh",
        },
      ];
    },
  },
  {
    name: "runs",
    run: async ({ settings }) => findingsOr(runsOf(settings.stack), "no other run"),
  },
];

/** Runs that hold the stack, and locks that dead ones have left. */
function runsOf(stack: string): Finding[] {
  if (readDeployment(stack)?.engine !== "pulumi") {
    const holder = lockHolder(join(workFolder, "state", `${stack}.lock`));
    return holder ? [running(holder.pid)] : [];
  }
  return lockHolders(stack).map(({ pid, isAlive }) =>
    isAlive
      ? running(pid)
      : {
          symptom: `the stack ${stack} is locked`,
          cause: `a run of the Pulumi CLI (pid ${pid}) was killed`,
          fix: "npm run up",
          isWarning: true,
        },
  );
}

const running = (pid: number): Finding => ({
  symptom: "another run is working on this stack",
  cause: `the process ${pid}`,
  fix: `wait for it, or end it with \`kill ${pid}\``,
  isWarning: true,
});
