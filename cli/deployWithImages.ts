/** A deployment whose program itself makes the place that its images are pulled from. */
export interface DeploymentSteps {
  registryExists(): Promise<boolean>;
  /** Waits for it; false where `isOver` comes first. */
  registryAppears(isOver: AbortSignal): Promise<boolean>;
  push(): Promise<void>;
  /** Gives the exit code. */
  deploy(): Promise<number>;
}

/** The images go ahead of the pods; the first time beside the cluster, which takes longer to make than they do. */
export async function deployWithImages(steps: DeploymentSteps): Promise<number> {
  if (await steps.registryExists()) {
    await steps.push();
    return await steps.deploy();
  }
  const isOver = new AbortController();
  const pushing = steps.registryAppears(isOver.signal).then(async (exists) => {
    if (exists) await steps.push();
  });
  // what goes wrong there is told once the deployment has ended
  pushing.catch(() => {});
  const code = await steps.deploy().finally(() => isOver.abort());
  await pushing;
  return code;
}
