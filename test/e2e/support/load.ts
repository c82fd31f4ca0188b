import { predict, type ServedModel } from "../../../cli/prediction.ts";

/** Predicts without a pause, four requests at a time, until it is stopped. */
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
