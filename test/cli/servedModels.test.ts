import { endpointOf, modelsOf } from "../../cli/servedModels.ts";

test("the model of the notebooks is first, however an engine sorts its outputs", () => {
  const models = {
    churn: { alias: "champion", servingUrl: "http://churn:8080", pageUrl: null },
    iris: { alias: "best", servingUrl: "http://iris:8080" },
  };
  const found = modelsOf({ models, modelServingUrl: "http://iris:8080" });
  expect(found.map(({ name, alias }) => [name, alias])).toEqual([
    ["iris", "best"],
    ["churn", "champion"],
  ]);
  expect(() => modelsOf({})).toThrow(/run `npm run up` first/);
});

test("a model is found at its own Service under any name", () => {
  const service = (name: string) =>
    endpointOf({ name, alias: "champion", servingUrl: "http://a:1" }).service.name;
  expect(service("churn")).toBe("model-server-churn");
  expect(service("Größe 2")).toMatch(/^model-server-[a-z0-9-]+$/);
});
