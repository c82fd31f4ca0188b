import "./program/stackTraces.ts";
import { MlopsPlatform } from "./components/index.ts";
import { targetCluster } from "./program/cluster.ts";
import { withPorts } from "./program/clusterPorts.ts";
import { loadConfig } from "./program/config.ts";
import { bill } from "./program/bill.ts";
import { publicDomain } from "./program/domain.ts";
import { googleCloud } from "./program/google.ts";
import { stackOutputs } from "./program/stackOutputs.ts";
import { platformArguments } from "./program/platform.ts";
import { dataStores } from "./program/stores.ts";

const config = withPorts(loadConfig());
const costs = bill();
const google = googleCloud(config, costs.transformation);
const cluster = targetCluster(config, google);
const stores = dataStores(config, google, cluster);
const domain = publicDomain(config, google);

const platform = new MlopsPlatform("mlops", platformArguments(config, cluster, stores, domain), {
  provider: cluster.provider,
  transformations: [...cluster.transformations, costs.transformation],
});

export default stackOutputs(platform, cluster, domain, costs);
