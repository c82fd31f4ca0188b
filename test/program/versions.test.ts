import { versions } from "../../components/internal/versions.ts";
import { readText } from "../support/program.ts";

test.each([
  ["tracking", "mlflow"],
  ["serving", "mlflow-skinny"],
])("the image of %s holds the MLflow that the components migrate to", (app, distribution) => {
  const pins = readText(`apps/${app}/requirements.txt`)
    .split("\n")
    .filter((line) => line.startsWith(`${distribution}==`))
    .map((line) => /^[^\s;\\]+/.exec(line)![0]);
  expect(pins).toEqual([`${distribution}==${versions.mlflow}`]);
});
