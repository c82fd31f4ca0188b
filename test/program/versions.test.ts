import { versions } from "../../components/core/versions.ts";
import { readText } from "../support/program.ts";

test.each(["tracking", "serving"])(
  "the image of %s holds the MLflow that the components migrate to, and no part of another one",
  (app) => {
    const pins = readText(`apps/${app}/requirements.txt`)
      .split("\n")
      .filter((line) => line.startsWith("mlflow"))
      .map((line) => /^[^\s;\\]+/.exec(line)![0]);
    expect(pins).toEqual([`mlflow==${versions.mlflow}`]);
  },
);
