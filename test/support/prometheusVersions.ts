import { goProgram, reasonToSkipGo } from "./goProgram.ts";
import { debianProgram, promtool } from "./promtool.ts";

/** Paths of the programs of one version. */
export interface PrometheusPrograms {
  prometheus: string;
  promtool: string;
}

export interface PrometheusVersion {
  /** For the title of a suite: why this machine cannot run it follows. */
  title: string;
  suite: jest.Describe;
  programs(): Promise<PrometheusPrograms>;
}

const debian = [debianProgram("prometheus", "prometheus"), promtool()] as const;
const version = (
  name: string,
  reason: string | undefined,
  programs: PrometheusVersion["programs"],
): PrometheusVersion => ({
  title: reason === undefined ? name : `${name} (skipped: ${reason})`,
  suite: reason === undefined ? describe : describe.skip,
  programs,
});

/** Debian's, which the stand-in chart runs, and the one of the official chart. */
export const prometheusVersions: readonly PrometheusVersion[] = [
  version(
    "Prometheus 2",
    debian.flatMap((found) => ("reason" in found ? [found.reason] : []))[0],
    () => {
      const [prometheus, promtool] = debian.map((found) => ("path" in found ? found.path : ""));
      return Promise.resolve({ prometheus: prometheus!, promtool: promtool! });
    },
  ),
  version("Prometheus 3", reasonToSkipGo("prometheus"), async () => ({
    prometheus: await goProgram("prometheus"),
    promtool: await goProgram("promtool"),
  })),
];
