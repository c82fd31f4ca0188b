import { modelsOf } from "../../cli/servedModels.ts";
import { describeFaults } from "./faults.ts";
import { faults } from "./faults/faultTable.ts";
import { platformOf } from "./faults/measure.ts";
import { logAndRegister } from "./support/models.ts";
import { cleanSlate, mlops, outputs, reasonToSkip, up } from "./support/platform.ts";

// Every fault, the slow ones too, on its own platform: `npm test -- faults`. What it measures is the docs' table.

const skipped = reasonToSkip();
const suite = skipped ? describe.skip : describe;

suite(`all that happens to the platform${skipped ? ` (skipped: ${skipped})` : ""}`, () => {
  jest.setTimeout(40 * 60_000);
  let found: Record<string, string>;

  beforeAll(async () => {
    await cleanSlate();
    const { code } = await up();
    if (code !== 0) throw new Error("`up` failed, see above");
    found = await outputs();
    for (const library of ["xgboost", "lightgbm"] as const) {
      const { name, alias } = modelsOf(found).find((one) => one.name === `wine-${library}`)!;
      const { version } = await logAndRegister(found, library, name, 10);
      await platformOf(found).tracking.call("registered-models/alias", { name, alias, version });
    }
  });
  afterAll(() => mlops("down", "--cluster", "--keep-cache", "--yes"));

  describeFaults(() => found, faults);
});
