import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { envFile } from "../../cli/envFile.ts";
import { describeAccess } from "./access.ts";
import { describeBackup } from "./backup.ts";
import { describeDoctor } from "./doctor.ts";
import { describeEnd } from "./end.ts";
import { describeFaults } from "./faults.ts";
import { describeModels } from "./models.ts";
import { describeNeighbours } from "./neighbours.ts";
import { describeMonitoring } from "./monitoring.ts";
import { describeNetworkFlows } from "./networkFlows.ts";
import { describeOtherPeople, describeOtherStates } from "./ownership.ts";
import { describeSeedFlow } from "./seedFlow.ts";
import { describeSeveralModels } from "./severalModels.ts";
import {
  cleanSlate,
  cli,
  mlops,
  namespace,
  outputs,
  reasonToSkip,
  up,
} from "./support/platform.ts";

// One life of the platform on real parts, told in order: each step finds what the ones before it have left.

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;

suite(`the platform on the local cluster${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(40 * 60_000); // on a machine that has built nothing yet, `up` builds Kubernetes
  let usersEnv: string | undefined;
  let isUp = false;

  beforeAll(async () => {
    usersEnv = existsSync(envFile) ? readFileSync(envFile, "utf8") : undefined;
    await cleanSlate();
  });

  afterAll(async () => {
    await mlops("down", "--cluster", "--keep-cache", "--yes");
    rmSync(envFile, { force: true });
    if (usersEnv !== undefined) writeFileSync(envFile, usersEnv, { mode: 0o600 });
  });

  test("`up` on a machine without anything ends with endpoints and a real prediction", async () => {
    const { code, stdout } = await up();
    expect(stdout).toMatch(/MLflow +http:\/\/127\.0\.0\.1:30001/);
    expect(stdout).toMatch(/Prediction page +http:\/\/127\.0\.0\.1:31344/);
    expect(stdout).toMatch(/Prometheus +npm run connect/);
    expect(stdout).toMatch(
      /diabetes-progression version 1 \(champion\) predicts \d+\.\d+ · http:\/\/127\.0\.0\.1:31345 · http:\/\/127\.0\.0\.1:31344\/\?model=diabetes-progression/,
    );
    expect(stdout).toMatch(/wine-xgboost +No model to serve yet/);
    expect(code).toBe(0);
    isUp = true;
  });

  describe("once it is up", () => {
    let found: Record<string, string>;
    beforeEach(async () => {
      if (!isUp) throw new Error("`up` failed, see above");
      found ??= await outputs();
    });
    describeSeveralModels(() => found);
    describeSeedFlow(() => found);
    describeBackup(() => found);
    describeMonitoring(() => found);
    describeModels(() => found);
    describeAccess(() => found);
    describe("on its network", describeNetworkFlows);
    describeFaults(() => found);
    describe("`doctor`", () => describeDoctor(() => found));
    describeNeighbours();
    describeOtherStates(cli, ["--local-cluster"]);
    describeOtherPeople(cli, namespace);
    describeEnd();
  });
});
