import { VolumeArtifactStore, type VolumeArtifactStoreArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: VolumeArtifactStoreArgs) => new VolumeArtifactStore(name, args);
const base: VolumeArtifactStoreArgs = { namespace: "ml" };

test("makes one claim and outputs where the tracking server mounts it", async () => {
  const { resources, find } = await record(() => make("store", base));
  expect(tree(resources)).toEqual([
    "kubernetes:core/v1:PersistentVolumeClaim store-data < store",
    "mlops:index:VolumeArtifactStore store",
  ]);
  expect(find("store").outputs).toEqual({
    location: { uri: "/mlflow/artifacts", claimName: "store-data" },
  });
  expect(find("store-data").inputs["spec"]).toEqual({
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "20Gi" } },
  });
});

describeArguments(make, "store", base, {
  namespace: { value: "team", changes: ["store-data metadata.namespace: ml → team"] },
  storageSize: {
    value: "1Ti",
    changes: ["store-data spec.resources.requests.storage: 20Gi → 1Ti"],
  },
  storageClassName: { value: "fast", changes: ["store-data spec.storageClassName: ∅ → fast"] },
  labels: { value: { team: "blue" }, changes: ["store-data metadata.labels.team: ∅ → blue"] },
  annotations: {
    value: { note: "hello" },
    changes: ["store-data metadata.annotations.note: ∅ → hello"],
  },
});

describeRefusals(make, "store", base, [
  [
    { storageSize: "20" },
    'VolumeArtifactStore "store": storageSize must be a quantity of bytes such as 20Gi',
  ],
]);

describePreview(make, "store", base, (unknown) => ({
  namespace: unknown,
  storageSize: unknown,
  storageClassName: unknown,
}));
