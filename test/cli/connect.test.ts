import { lastLine } from "../../cli/commands/connect.ts";

test("`connect` calls itself connected only where all that it forwards answers", () => {
  expect(lastLine(true, [])).toBe("Connected; Ctrl-C ends it.");
  expect(lastLine(false, [])).toBe("Press Ctrl-C to end; the URLs stay valid.");
  const paused = lastLine(true, ["MLflow", "Model churn"]);
  expect(paused).not.toContain("Connected");
  expect(paused).toContain(
    "Nothing answers behind MLflow, Model churn: `npm run doctor` names the cause",
  );
});
