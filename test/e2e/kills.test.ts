import { describeKilledRuns } from "./killedRuns.ts";
import { cleanSlate, commandLine, reasonToSkip } from "./support/platform.ts";

// What `test/engine/life.test.ts` does with the Pulumi CLI, with the built-in engine: `npm test -- kills`.

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;

suite(`the built-in engine${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(40 * 60_000);
  beforeAll(cleanSlate);
  afterAll(cleanSlate);

  const cli = commandLine("e2e-kills", "--local-cluster");
  describeKilledRuns(cli, { lives: 5, kills: 2, withinSeconds: 60 });
});
