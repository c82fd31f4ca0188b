import type { Api, Fields } from "./api.ts";
import { changeCluster, completeCluster } from "./containerCluster.ts";
import { changePool, completePool, poolSizes, ssdGb } from "./containerPool.ts";
import { GoogleError, inUse, notFound } from "./googleError.ts";
import type { Operation } from "./operations.ts";
import { checkProject } from "./serviceUsage.ts";
import type { World } from "./world.ts";

const location = "projects/{project}/locations/{location}";
const all = `${location}/clusters`;
const cluster = `${all}/{cluster}`;
const pool = `${cluster}/nodePools/{pool}`;

type Params = Record<string, string>;

const clusterPath = ({ project, location, cluster }: Params, name = cluster) =>
  `projects/${project}/locations/${location}/clusters/${name}`;
const poolPath = (params: Params, name = params["pool"]) =>
  `${clusterPath(params)}/nodePools/${name}`;

/** Kubernetes Engine: clusters and their node pools. */
export const container: Api = {
  service: "container.googleapis.com",
  variable: "GOOGLE_CONTAINER_CUSTOM_ENDPOINT",
  path: "/container/v1beta1/",
  routes: (world) => ({
    [`POST ${all}`]: ({ params, body }) => {
      checkProject(world, params["project"]!);
      const { nodePools, nodeConfig, ...given } = body["cluster"] as Fields;
      const { initialNodeCount = 0 } = given;
      const path = clusterPath(params, given["name"] as string);
      const added = completeCluster(world, given, params["location"]!);
      const isAutopilot = Boolean(added["autopilot"]?.enabled);
      const wanted = (nodePools as Fields[] | undefined) ?? [
        { name: "default-pool", initialNodeCount, config: nodeConfig },
      ];
      const pools = isAutopilot ? [] : completePools(world, added, wanted);
      world.add(path, added);
      for (const pool of pools) world.add(`${path}/nodePools/${pool["name"]}`, pool);
      // twice, so that a cluster which is still being made is seen
      const finish = () => {
        added["status"] = "RUNNING";
        const pool = added["workloadIdentityConfig"]?.workloadPool as string | undefined;
        if (pool !== undefined) world.identityPools.add(pool);
        return undefined;
      };
      return fields(world, world.operations.start("CREATE_CLUSTER", path, finish, 2), params);
    },
    [`GET ${cluster}`]: ({ params }) => {
      const path = clusterPath(params);
      const nodePools = poolsOf(world, path);
      // what the first pool's nodes are like stands here too, whichever pool that is
      return { ...found(world, path), nodePools, nodeConfig: nodePools[0]?.["config"] };
    },
    [`PUT ${cluster}`]: ({ params, body }) => {
      const target = found(world, clusterPath(params));
      changeCluster(target, body["update"] as Fields, poolsOf(world, clusterPath(params)));
      return fields(world, idle(world, "UPDATE_CLUSTER", clusterPath(params)), params);
    },
    [`POST ${cluster}:setResourceLabels`]: ({ params, body }) => {
      const target = found(world, clusterPath(params));
      Object.assign(target, { resourceLabels: body["resourceLabels"] });
      return fields(world, idle(world, "UPDATE_CLUSTER", clusterPath(params)), params);
    },
    [`DELETE ${cluster}`]: ({ params }) => {
      const path = clusterPath(params);
      found(world, path);
      const finish = () => {
        const inside = world.paths().filter((other) => other.startsWith(`${path}/`));
        [...inside, path].forEach((each) => world.remove(each));
        return undefined;
      };
      return fields(world, idle(world, "DELETE_CLUSTER", path, finish), params);
    },
    [`GET ${cluster}/nodePools`]: ({ params }) => ({
      nodePools: poolsOf(world, clusterPath(params)),
    }),
    [`POST ${cluster}/nodePools`]: ({ params, body }) => {
      const parent = found(world, clusterPath(params));
      const given = body["nodePool"] as Fields;
      if (parent["autopilot"]?.enabled) {
        throw new GoogleError(400, "badRequest", "Autopilot clusters do not support node pools.");
      }
      const path = poolPath(params, given["name"] as string);
      const [added] = completePools(world, parent, [given]) as [Fields];
      world.add(path, added);
      const finish = () => {
        added["status"] = "RUNNING";
        return undefined;
      };
      return fields(world, idle(world, "CREATE_NODE_POOL", path, finish), params);
    },
    [`GET ${pool}`]: ({ params }) => found(world, poolPath(params)),
    [`PUT ${pool}`]: ({ params, body }) => {
      changePool(found(world, poolPath(params)), body);
      return fields(world, idle(world, "UPDATE_NODE_POOL", poolPath(params)), params);
    },
    [`POST ${pool}:setSize`]: ({ params, body }) => {
      Object.assign(found(world, poolPath(params)), { initialNodeCount: body["nodeCount"] ?? 0 });
      return fields(world, idle(world, "SET_NODE_POOL_SIZE", poolPath(params)), params);
    },
    [`POST ${pool}:setManagement`]: ({ params, body }) => {
      Object.assign(found(world, poolPath(params)), { management: body["management"] });
      return fields(world, idle(world, "UPDATE_NODE_POOL", poolPath(params)), params);
    },
    [`DELETE ${pool}`]: ({ params }) => {
      const path = poolPath(params);
      found(world, path);
      const finish = () => void world.remove(path);
      return fields(world, idle(world, "DELETE_NODE_POOL", path, finish), params);
    },
    [`GET ${location}/operations/{operation}`]: ({ params }) =>
      fields(world, world.operations.poll(params["operation"]!), params),
  }),
};

/** The part of Compute Engine in which the sizes of node pools are read. */
export const instanceGroups: Api = {
  service: "compute.googleapis.com",
  variable: "GOOGLE_COMPUTE_CUSTOM_ENDPOINT",
  path: "/compute/beta/",
  routes: (world) => ({
    "GET projects/{project}/zones/{zone}/instanceGroupManagers": ({ params }) => ({
      kind: "compute#instanceGroupManagerList",
      items: world
        .paths()
        .filter((path) => path.includes("/nodePools/"))
        .flatMap((path) => poolSizes(world.get(path), params["zone"]!)),
    }),
  }),
};

/** New pools. @throws GoogleError 403 when their disks are more than the project's quota leaves. */
function completePools(world: World, parent: Fields, given: Fields[]): Fields[] {
  const pools = given.map((each) => completePool(parent, each));
  const existing = world.paths().filter((path) => path.includes("/nodePools/"));
  const sum = (of: Fields[]) => of.reduce((total, pool) => total + ssdGb(pool), 0);
  const left = world.ssdQuotaGb - sum(existing.map((path) => world.get(path)));
  const wanted = sum(pools);
  if (wanted <= left) return pools;
  throw new GoogleError(
    403,
    "forbidden",
    `Insufficient regional quota to satisfy request: resource "SSD_TOTAL_GB": request requires '${wanted}.0' and is short '${wanted - left}.0'. project has a quota of '${world.ssdQuotaGb}.0' with '${left}.0' available.`,
  );
}

const poolsOf = (world: World, path: string) => world.below(`${path}/nodePools/`);

function found(world: World, path: string): Fields {
  const resource = world.find(path);
  if (resource) return resource;
  throw notFound(`Not found: ${path}.`);
}

/** A cluster or pool does one thing at a time. */
function idle(world: World, type: string, path: string, finish?: () => undefined): Operation {
  if (world.operations.isBusy(path)) {
    throw inUse(`cluster '${path}'`, "an operation that is running");
  }
  return world.operations.start(type, path, finish);
}

const fields = (world: World, { name, type, target, isDone }: Operation, params: Params) => ({
  name,
  operationType: type,
  status: isDone ? "DONE" : "RUNNING",
  location: params["location"],
  targetLink: `https://container.googleapis.com/v1beta1/${target}`,
  selfLink: `https://container.googleapis.com/v1beta1/projects/${world.projectNumber}/locations/${params["location"]}/operations/${name}`,
});
