/* Prints the ports that the program chooses, with the settings of an empty stack: `preview` or `up` as its argument. */
import * as pulumi from "@pulumi/pulumi";
import { withPorts } from "../../program/clusterPorts.ts";
import { configOf } from "./config.ts";

const nothing = () => Promise.reject(new Error("nothing is to be declared"));
await pulumi.runtime.setMocks(
  { newResource: nothing, call: nothing },
  "mlops-platform",
  "dev",
  process.argv[2] === "preview",
);
const config = configOf();
const { trackingNodePort, predictionNodePort, grafanaNodePort, models, ...others } =
  withPorts(config);
const [first] = Object.values(models);
const nodePorts = [trackingNodePort, first?.nodePort, predictionNodePort, grafanaNodePort];
console.log(JSON.stringify({ nodePorts, exporterPort: others.nodeExporterPort }));
