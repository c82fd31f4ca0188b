import { type Condition, type Handler, passthrough } from "../../../local/engine/handler.ts";
import type { Registration } from "../../../local/engine/monitor.ts";
import type { ResourceState } from "../../../local/engine/state.ts";
import { decide, inspected } from "../../../local/engine/steps.ts";

const inputs = { size: 1, name: "one" };
const registration = (more: Partial<Registration> = {}): Registration => ({
  ...{ urn: "urn:a", type: "test:a", name: "a", custom: true, inputs },
  ...{ dependencies: [], propertyDependencies: {}, secretOutputs: [] },
  ...{ protect: false, deleteBeforeReplace: false },
  ...more,
});
const state = (more: Partial<ResourceState> = {}): ResourceState => ({
  ...{ urn: "urn:a", type: "test:a", name: "a", custom: true, id: "1", inputs, outputs: {} },
  ...{ dependencies: [], propertyDependencies: {}, generation: 1 },
  ...more,
});
/** Another name makes it another object. */
const handler = (condition: Condition = "sound"): Handler => ({
  ...passthrough,
  replacement: (_old, changes) =>
    changes.some(({ path }) => path[0] === "name")
      ? { because: ["name"], deleteFirst: false }
      : undefined,
  inspect: () => Promise.resolve(condition),
});
const renamed = registration({ inputs: { ...inputs, name: "two" } });

test.each<[string, Registration, ResourceState | undefined, object]>([
  ["what is new", registration(), undefined, { action: "create" }],
  ["what has not changed", registration(), state(), { action: "same" }],
  [
    "what has changed",
    registration({ inputs: { ...inputs, size: 2 } }),
    state(),
    { action: "update" },
  ],
  [
    "what cannot change in place",
    renamed,
    state(),
    { action: "replace", deleteFirst: false, generation: 2 },
  ],
  [
    "what must be deleted before its replacement is created",
    { ...renamed, deleteBeforeReplace: true },
    state(),
    { action: "replace", deleteFirst: true, generation: 1 },
  ],
  ["what was deleted on the way", registration(), state({ gone: true }), { action: "replace" }],
  [
    "what the last run did not finish",
    registration(),
    state({ pending: "create" }),
    { action: "update", reasons: ["the last run did not finish it"] },
  ],
  [
    "what the last run started to delete",
    registration(),
    state({ pending: "delete" }),
    { action: "replace", deleteFirst: true },
  ],
])("%s is planned as such", (_what, wanted, old, expected) => {
  expect(decide(wanted, old, handler())).toMatchObject(expected);
});

test.each<[Condition, string]>([
  ["sound", "same"],
  ["gone", "create"],
  ["changed", "update"],
  ["failed", "replace"],
])("an unchanged resource that is found %s is planned as %s", async (condition, action) => {
  const work = { wait: () => {}, signal: new AbortController().signal };
  const planned = decide(registration(), state(), handler());
  expect(await inspected(state(), planned, handler(condition), work)).toMatchObject({ action });
});
