import { table } from "../../cli/commands/outputs.ts";

test("outputs are printed one per line, with nested values below", () => {
  const entries: [string, unknown][] = [
    ["mlflowTrackingUri", "http://127.0.0.1:30001"],
    ["models", { churn: { alias: "champion", pageUrl: null } }],
    ["dnsRecords", [{ name: "mlflow.example.org", type: "A" }]],
  ];
  expect(table(entries)).toEqual([
    "mlflowTrackingUri  http://127.0.0.1:30001",
    "models",
    "  churn",
    "    alias=champion",
    "    pageUrl=null",
    "dnsRecords",
    "  0",
    "    name=mlflow.example.org",
    "    type=A",
  ]);
});
