import type { NetworkFlowArgs } from "../kubernetes/arguments.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { monitoringFlows } from "./monitoringFlows.ts";
import { exposureFlows } from "./platformExposure.ts";

const cloudSqlProxyPort = 3307;

/** Who tells a pod of GKE which Google identity it has: with Dataplane V2, and without. */
const metadataServer = [
  { toAddresses: ["169.254.169.254/32"], port: 80 },
  { toAddresses: ["169.254.169.252/32"], port: 988 },
];

/** Who may call whom. Ports are the pods', not the Services'. */
export function platformFlows(args: MlopsPlatformArgs): NetworkFlowArgs[] {
  const { database, artifacts, tracking, serving, prediction } = args;
  const flows: NetworkFlowArgs[] = [
    { from: "model-server", to: "mlflow", port: 5000 },
    { from: "training", to: "mlflow", port: 5000 },
    { from: "prediction-app", to: "model-server", port: 8080 },
  ];
  const isBucket = artifacts !== undefined && artifacts.claimName === undefined;
  const hasProxy = database?.proxy !== undefined;
  if (database === undefined) flows.push({ from: "mlflow", to: "postgres", port: 5432 });
  else flows.push({ from: "mlflow", port: hasProxy ? cloudSqlProxyPort : database.port });
  if (isBucket || hasProxy) {
    // Google's APIs: the bucket's, and the one that gives the proxy its certificate
    flows.push({ from: "mlflow", port: 443 });
    if (args.googleCredentials === undefined) {
      flows.push(...metadataServer.map((flow) => ({ from: "mlflow", ...flow })));
    }
  }
  if (tracking?.nodePort !== undefined) flows.push({ to: "mlflow", port: 5000 });
  if (serving?.nodePort !== undefined) flows.push({ to: "model-server", port: 8080 });
  if (prediction?.nodePort !== undefined) flows.push({ to: "prediction-app", port: 8501 });
  flows.push(...exposureFlows(args));
  return args.monitoring?.enabled === false ? flows : [...flows, ...monitoringFlows(args)];
}
