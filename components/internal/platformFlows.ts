import type { MlopsPlatformArgs } from "../mlopsPlatform.ts";
import type { NetworkFlowArgs } from "../networkFlows.ts";
import { monitoringFlows } from "./monitoringFlows.ts";

/** Who may call whom. Ports are the pods', not the Services'. */
export function platformFlows(args: MlopsPlatformArgs): NetworkFlowArgs[] {
  const { database, artifacts, nodePorts = {} } = args;
  const flows: NetworkFlowArgs[] = [
    { from: "model-server", to: "mlflow", port: 5000 },
    { from: "training", to: "mlflow", port: 5000 },
    { from: "prediction-app", to: "model-server", port: 8080 },
  ];
  if (database === undefined) flows.push({ from: "mlflow", to: "postgres", port: 5432 });
  else flows.push({ from: "mlflow", port: database.port });
  const isBucket = artifacts !== undefined && artifacts.claimName === undefined;
  if (isBucket) flows.push({ from: "mlflow", port: 443 });
  if (nodePorts.tracking !== undefined) flows.push({ to: "mlflow", port: 5000 });
  if (nodePorts.serving !== undefined) flows.push({ to: "model-server", port: 8080 });
  if (nodePorts.prediction !== undefined) flows.push({ to: "prediction-app", port: 8501 });
  return args.monitoring?.enabled === false ? flows : [...flows, ...monitoringFlows(args)];
}
