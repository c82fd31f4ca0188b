import { UserError } from "../../local/support/errors.ts";
import { reachBackups } from "../backupJobs.ts";
import { administrator } from "../mlflow.ts";
import { copyModelVersion, modelReference } from "../modelCopy.ts";
import type { Reached } from "../platformEndpoints.ts";
import { openPlatform, reachTracking } from "../runningPlatform.ts";
import { copyStack } from "../stackCopy.ts";

interface CopyOptions {
  from?: string;
  to?: string;
  replace?: boolean;
  model?: string;
}

const onLine = (line: string) => console.log(`  ${line}`);

/** Copies a stack's data, or one version of a model, into another stack, which may be in another cluster. */
export async function copy({ from, to, replace, model }: CopyOptions): Promise<number> {
  if (from === undefined || to === undefined || from === to) {
    throw new UserError("give two stacks, such as `npm run copy -- --from dev --to gke`");
  }
  if (model !== undefined) return await copyModel(from, to, model);
  const source = await reachBackups({ stack: from });
  const target = await reachBackups({ stack: to });
  const code = await copyStack(source, target, replace === true ? ["--replace"] : [], onLine);
  if (code === 0) {
    console.log(
      `${to} has the runs, models, aliases, users and files of ${from}, under the same ids; ${from} is as it was.`,
    );
  }
  return code;
}

async function copyModel(from: string, to: string, model: string): Promise<number> {
  const reference = modelReference(model);
  const reached: Reached[] = [];
  try {
    const apis = [];
    for (const stack of [from, to]) {
      const platform = await openPlatform({ stack });
      const tracking = await reachTracking(platform);
      reached.push(tracking);
      apis.push(administrator(tracking.url, platform.outputs));
    }
    const [source, target] = apis as [(typeof apis)[0], (typeof apis)[0]];
    const { version, isNew } = await copyModelVersion(source, target, reference, from, onLine);
    console.log(
      isNew
        ? `${reference.name} has version ${version} in ${to}; give it the alias there to serve it.`
        : `${reference.name} has it in ${to} already: version ${version}.`,
    );
    return 0;
  } finally {
    await Promise.all(reached.map((door) => door.close()));
  }
}
