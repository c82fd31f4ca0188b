import { predict, type ServedModel } from "../../../cli/prediction.ts";
import { sleep } from "../../../local/support/process.ts";

/** Clients that do the same again after each pause. Returns what stops them, which waits for what they have begun. */
export function repeatedly(
  clients: number,
  pauseMs: number,
  once: () => Promise<unknown>,
): () => Promise<void> {
  let isRunning = true;
  const client = async () => {
    while (isRunning) {
      await once();
      await sleep(pauseMs);
    }
  };
  const running = Array.from({ length: clients }, client);
  return async () => {
    isRunning = false;
    await Promise.all(running);
  };
}

/** Four clients that predict up to twenty times a second each, until they are stopped. */
export function keepPredicting(url: string, model: ServedModel) {
  const failures: string[] = [];
  const versions = new Set<string>();
  const stop = repeatedly(4, 50, () =>
    predict(url, model).then(
      ({ version }) => versions.add(version),
      (error: unknown) => failures.push(String(error)),
    ),
  );
  return {
    stop: async () => {
      await stop();
      return { failures, versions };
    },
  };
}
