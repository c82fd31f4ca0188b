import { deployWithImages, type DeploymentSteps } from "../../cli/deployWithImages.ts";

/** Steps that write down what happens, with a registry that appears while the deployment is under way. */
function steps(own: Partial<DeploymentSteps> = {}): { said: string[]; steps: DeploymentSteps } {
  const said: string[] = [];
  let appear: () => void;
  const appeared = new Promise<void>((resolve) => (appear = resolve));
  return {
    said,
    steps: {
      registryExists: async () => false,
      registryAppears: async () => {
        await appeared;
        return true;
      },
      push: async () => void said.push("images pushed"),
      deploy: async () => {
        said.push("deployment begun");
        appear();
        await new Promise((resolve) => setTimeout(resolve, 10));
        said.push("deployment ended");
        return 0;
      },
      ...own,
    },
  };
}

test("the first time images are pushed while the cluster is made", async () => {
  const { said, steps: first } = steps();
  expect(await deployWithImages(first)).toBe(0);
  expect(said).toEqual(["deployment begun", "images pushed", "deployment ended"]);
});

test("later they are there before the pods that want them", async () => {
  const { said, steps: later } = steps({ registryExists: async () => true });
  expect(await deployWithImages(later)).toBe(0);
  expect(said).toEqual(["images pushed", "deployment begun", "deployment ended"]);
});

test("a deployment that fails before there is a registry ends at once, and nothing is pushed", async () => {
  const { said, steps: failing } = steps({
    deploy: async () => 255,
    registryAppears: (isOver) =>
      new Promise((resolve) => isOver.addEventListener("abort", () => resolve(false))),
  });
  expect(await deployWithImages(failing)).toBe(255);
  expect(said).toEqual([]);
});

test("a push that fails lets the deployment end, and is told then", async () => {
  const { said, steps: failing } = steps({
    push: () => Promise.reject(new Error("log in with docker login")),
  });
  await expect(deployWithImages(failing)).rejects.toThrow("log in with docker login");
  expect(said).toEqual(["deployment begun", "deployment ended"]);
});
