import { join } from "node:path";
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { version } from "@pulumi/pulumi/version.js";
import { cacheRoot, claimCache } from "../local/support/cache.ts";
import { sleep, which } from "../local/support/process.ts";
import { reported } from "../local/support/progress.ts";

const site = "https://get.pulumi.com";
const answersWithinMs = 5_000;
const installsWithinMs = 300_000;

/** One folder for each version, which is that of the SDK in package-lock.json. */
const folder = () => join(cacheRoot(), "pulumi", version);

/** The Pulumi CLI on PATH, else the one in the cache. */
export async function findPulumi(): Promise<PulumiCommand | undefined> {
  if (which("pulumi")) return await PulumiCommand.get();
  return which(join(folder(), "bin", "pulumi"))
    ? await PulumiCommand.get({ root: folder() })
    : undefined;
}

/** Downloads the Pulumi CLI into the cache; throws the reason, within seconds where the network does not allow it. */
export async function installPulumi(): Promise<PulumiCommand> {
  const { EnvHttpProxyAgent, fetch, getGlobalDispatcher, setGlobalDispatcher } =
    await import("undici");
  const [direct, proxy] = [getGlobalDispatcher(), new EnvHttpProxyAgent()];
  // the Automation API itself would wait two minutes for an answer
  const options = { dispatcher: proxy, signal: AbortSignal.timeout(answersWithinMs) };
  const answer = await fetch(`${site}/install.sh`, { method: "HEAD", ...options }).catch(() => {});
  if (!answer?.ok)
    throw new Error(`${site} ${answer ? `answers ${answer.status}` : "does not answer"}`);
  claimCache();
  // the API downloads with Node's fetch, which reads no proxy from the environment
  setGlobalDispatcher(proxy);
  try {
    return await reported(`Installing the Pulumi CLI ${version}`, () =>
      Promise.race([
        PulumiCommand.install({ root: folder() }),
        sleep(installsWithinMs).then(() =>
          Promise.reject(new Error(`its download from ${site} takes too long`)),
        ),
      ]),
    );
  } finally {
    setGlobalDispatcher(direct);
  }
}
