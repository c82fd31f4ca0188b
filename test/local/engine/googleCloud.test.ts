import { google, noNodePorts } from "../../support/targets.ts";
import { Project } from "./engineRun.ts";

test("a stack on Google Cloud is refused with the program that can deploy it", async () => {
  const project = new Project("../../../../index.ts");
  const settings = { ...google, ...noNodePorts, cluster: "gke", dataStores: "gcp" };
  const { code, stderr } = await project.start("preview", settings, [], { noKubeconfig: true })
    .ended;
  project.remove();
  expect(code).toBe(1);
  expect(stderr).toContain(
    "mlops-services-compute is a gcp:projects/service:Service: the built-in engine creates nothing on Google Cloud; install the Pulumi CLI to deploy it",
  );
});
