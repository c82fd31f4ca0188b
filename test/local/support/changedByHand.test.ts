import { isChangedByHand } from "../../../local/support/changedByHand.ts";
import type { JsonObject } from "../../../local/support/propertyValues.ts";

const declared = {
  spec: {
    replicas: 2,
    template: { spec: { containers: [{ name: "app", image: "app:1" }] } },
  },
};

/** As the API server gives it, after a tool has set these fields of its spec to these values. */
const live = (manager: string, spec: JsonObject, subresource = ""): JsonObject => ({
  metadata: {
    managedFields: [
      { manager: "pulumi-kubernetes", fieldsV1: { "f:spec": { "f:template": {} } } },
      {
        manager,
        subresource,
        fieldsV1: {
          "f:spec": Object.fromEntries(
            Object.entries(spec)
              .filter(([, value]) => value !== 0)
              .map(([key]) => [`f:${key}`, {}]),
          ),
        },
      },
    ],
  },
  spec: { ...declared.spec, ...spec },
});

const shared = ({ metadata, ...rest }: JsonObject): JsonObject => ({
  ...rest,
  metadata: { ...(metadata as JsonObject), annotations: { "pulumi.com/patchForce": "true" } },
});

const withContainer = (container: JsonObject) => ({
  template: { spec: { containers: [{ name: "app", image: "app:1", ...container }] } },
});

test.each<[string, JsonObject, boolean]>([
  ["`kubectl scale`", live("kubectl", { replicas: 5 }, "scale"), true],
  ["`kubectl set image`", live("kubectl-set", withContainer({ image: "app:2" })), true],
  ["a browser", live("Mozilla", { replicas: 3 }), true],
  // the API server leaves the field to no manager then
  ["a scale to zero", live("kubectl", { replicas: 0 }), true],
  ["a restore, which stops MLflow", shared(live("kubectl", { replicas: 0 })), false],
  // reverted once, and not with every run from then on
  ["`kubectl scale` to what is declared", live("kubectl", { replicas: 2 }, "scale"), false],
  ["`kubectl set env`", live("kubectl-set", withContainer({ env: [{ name: "A" }] })), false],
  ["`kubectl rollout pause`", live("kubectl-rollout", { paused: true }), false],
  ["an autoscaler", live("kube-controller-manager", { replicas: 5 }, "scale"), false],
  ["the cluster", live("kube-controller-manager", { replicas: 5 }, "status"), false],
])("after %s: %#", (_, object, isChanged) => {
  expect(isChangedByHand(object, declared)).toBe(isChanged);
});
