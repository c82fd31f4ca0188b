import { type Deployment, otherStacksOn } from "../../local/deployment.ts";

const folder = "/cache/cluster";
const on = (target: Deployment["target"], onlyData?: boolean): Deployment => ({
  target,
  engine: "builtin",
  namespace: "mlops",
  charts: "official",
  onlyData,
});
const local = { kind: "local-cluster", folder } as const;

test("the local cluster is in use while another stack runs on it, wherever others are", () => {
  const deployments = [
    { stack: "dev", deployment: on(local) },
    { stack: "other", deployment: on(local) },
    { stack: "kept", deployment: on(local, true) },
    { stack: "elsewhere", deployment: on({ kind: "local-cluster", folder: "/other/cluster" }) },
    { stack: "minikube", deployment: on({ kind: "minikube" }) },
  ];
  expect(otherStacksOn(folder, "dev", deployments)).toEqual(["other"]);
  expect(otherStacksOn(folder, "other", deployments)).toEqual(["dev"]);
  expect(otherStacksOn("/other/cluster", "elsewhere", deployments)).toEqual([]);
});
