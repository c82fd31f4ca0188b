import { imageMirror, throughMirror } from "../../program/platform.ts";

const behindMirror = imageMirror("registry.example.org/mlops", "mirror.example.org");
const ours = "registry.example.org/mlops/serving:1a2b3c";

test("every image that is not ours is pulled through the mirror, also those of steps and of Dask", () => {
  const steps = [
    { name: "prepare", command: ["a"], image: "example.org/prepare:1" },
    { name: "train", command: ["b"] },
  ];
  const given = {
    models: [
      { name: "churn", image: "example.org/churn:2", training: { steps } },
      { name: "fraud" },
    ],
    dask: { enabled: true, image: "ghcr.io/acme/dask:3" },
  };
  expect(throughMirror(given, behindMirror, () => ours)).toEqual({
    models: [
      {
        name: "churn",
        image: "mirror.example.org/churn:2",
        training: { steps: [{ ...steps[0], image: "mirror.example.org/prepare:1" }, steps[1]] },
      },
      { name: "fraud", image: ours },
    ],
    dask: { enabled: true, image: "mirror.example.org/acme/dask:3" },
  });
});

test("an image of ours stays where it is, and without a mirror every image does", () => {
  expect(behindMirror(ours)).toBe(ours);
  expect(imageMirror("registry.example.org/mlops")("example.org/a:1")).toBe("example.org/a:1");
});
