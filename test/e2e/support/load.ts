import { predict, type ServedModel } from "../../../cli/prediction.ts";
import { sleep } from "../../../local/support/process.ts";

/** Four clients that predict up to twenty times a second each, until they are stopped. */
export function keepPredicting(url: string, model: ServedModel) {
  const failures: string[] = [];
  const versions = new Set<string>();
  let isRunning = true;
  const worker = async () => {
    while (isRunning) {
      await predict(url, model).then(
        ({ version }) => versions.add(version),
        (error: unknown) => failures.push(String(error)),
      );
      await sleep(50);
    }
  };
  const workers = Array.from({ length: 4 }, worker);
  return {
    stop: async () => {
      isRunning = false;
      await Promise.all(workers);
      return { failures, versions };
    },
  };
}
