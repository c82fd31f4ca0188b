import { NetworkFlows } from "mlops";
new NetworkFlows("n", { flow: [] });
