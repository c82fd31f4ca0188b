import type { Api, Fields, Handler } from "./api.ts";
import { GoogleError, invalid, notFound } from "./googleError.ts";
import type { Operation } from "./operations.ts";
import { pathOfConnection } from "./serviceNetworking.ts";
import { checkProject } from "./serviceUsage.ts";
import { checkSettings, completeInstance, merged, replaced } from "./sqlInstance.ts";
import type { World } from "./world.ts";

const all = "projects/{project}/instances";
const one = `${all}/{instance}`;

/** Cloud SQL: instances with their databases and users. */
export const sqlAdmin: Api = {
  service: "sqladmin.googleapis.com",
  variable: "GOOGLE_SQL_CUSTOM_ENDPOINT",
  path: "/sql/v1beta4/",
  routes: (world) => ({
    [`GET ${all}`]: ({ params }) => ({
      items: world.below(`projects/${params["project"]}/instances/`),
    }),
    [`POST ${all}`]: ({ params, body }) => insert(world, params["project"]!, body),
    [`GET ${one}`]: ({ params }) => found(world, params),
    [`PATCH ${one}`]: change(world, (settings, body) => merged(settings, body["settings"])),
    [`PUT ${one}`]: change(world, replaced),
    [`DELETE ${one}`]: ({ params }) => {
      const instance = idle(world, params);
      if (instance["settings"].deletionProtectionEnabled) {
        throw new GoogleError(
          400,
          "invalidRequest",
          "The instance is protected. Please disable the deletion protection and try again. To disable deletion protection, update the instance settings with deletionProtectionEnabled set to false.",
        );
      }
      return started(world, "DELETE", pathOf(params), () => {
        const path = pathOf(params);
        const inside = world.paths().filter((other) => other.startsWith(`${path}/`));
        [...inside, path].forEach((each) => world.remove(each));
        // the name is reserved for a week
        world.add(`reserved/${path}`, {});
      });
    },
    [`GET ${one}/databases/{database}`]: ({ params }) => {
      running(world, params);
      return world.get(`${pathOf(params)}/databases/${params["database"]}`);
    },
    [`POST ${one}/databases`]: ({ params, body }) => {
      running(world, params);
      idle(world, params);
      const path = `${pathOf(params)}/databases/${body["name"]}`;
      world.add(path, {
        kind: "sql#database",
        charset: "UTF8",
        collation: "en_US.UTF8",
        ...body,
        instance: params["instance"],
        project: params["project"],
        selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/${path}`,
      });
      return started(world, "CREATE_DATABASE", pathOf(params));
    },
    [`DELETE ${one}/databases/{database}`]: ({ params }) => {
      running(world, params);
      idle(world, params);
      world.remove(`${pathOf(params)}/databases/${params["database"]}`);
      return started(world, "DELETE_DATABASE", pathOf(params));
    },
    [`GET ${one}/users`]: ({ params }) => {
      running(world, params);
      return { kind: "sql#usersList", items: world.below(`${pathOf(params)}/users/`) };
    },
    [`GET ${one}/users/{user}`]: ({ params }) => {
      running(world, params);
      return world.get(`${pathOf(params)}/users/${params["user"]}`);
    },
    [`POST ${one}/users`]: ({ params, body }) => {
      running(world, params);
      idle(world, params);
      const { password, ...user } = body;
      if (!password) throw invalid("Invalid request: password is required.");
      world.secrets.push(String(password));
      world.add(`${pathOf(params)}/users/${body["name"]}`, userFields(params, user));
      return started(world, "CREATE_USER", pathOf(params));
    },
    [`PUT ${one}/users`]: ({ params }) => {
      running(world, params);
      idle(world, params);
      return started(world, "UPDATE_USER", pathOf(params));
    },
    [`DELETE ${one}/users`]: ({ params, query }) => {
      running(world, params);
      idle(world, params);
      const owned = world.find(`${pathOf(params)}/ownedBy/${query.get("name")}`);
      if (owned) {
        const message = `role "${query.get("name")}" cannot be dropped because some objects depend on it`;
        throw new GoogleError(
          400,
          "invalidRequest",
          `Invalid request: failed to delete user: ${message}.`,
        );
      }
      world.remove(`${pathOf(params)}/users/${query.get("name")}`);
      return started(world, "DELETE_USER", pathOf(params));
    },
    "GET projects/{project}/operations/{operation}": ({ params }) =>
      operationFields(world, world.operations.poll(params["operation"]!)),
  }),
};

const pathOf = (params: Record<string, string>) =>
  `projects/${params["project"]}/instances/${params["instance"]}`;

/** Google says neither that there is none nor that one may not see it. */
function found(world: World, params: Record<string, string>): Fields {
  checkProject(world, params["project"]!);
  const instance = world.find(pathOf(params));
  if (instance) return instance;
  throw new GoogleError(404, "instanceDoesNotExist", "The Cloud SQL instance does not exist.");
}

/** An instance does one thing at a time. */
function idle(world: World, params: Record<string, string>): Fields {
  const instance = found(world, params);
  if (!world.operations.isBusy(pathOf(params))) return instance;
  throw new GoogleError(
    409,
    "operationInProgress",
    "Operation failed because another operation was already in progress. Try your request after the current operation is complete.",
    "ABORTED",
  );
}

/** Of a stopped instance Google shows neither databases nor users, nor changes them. */
function running(world: World, params: Record<string, string>): Fields {
  const instance = found(world, params);
  if (instance["settings"].activationPolicy === "ALWAYS") return instance;
  throw invalid("Invalid request: Invalid request since instance is not running.");
}

function insert(world: World, project: string, body: Fields): Fields {
  checkProject(world, project);
  const path = `projects/${project}/instances/${body["name"]}`;
  if (world.find(path) ?? world.find(`reserved/${path}`)) {
    throw new GoogleError(
      409,
      "instanceAlreadyExists",
      "The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted instance until one week from the deletion date.",
    );
  }
  const instance = completeInstance(world, body);
  checkSettings(instance);
  const network = instance["settings"].ipConfiguration?.privateNetwork as string | undefined;
  if (network) {
    const connection = world.find(pathOfConnection(world, network));
    if (!connection) {
      throw invalid(
        `Invalid request: Incorrect Service Networking config for instance: ${project}:${body["name"]}:SERVICE_NETWORKING_NOT_ENABLED.`,
      );
    }
    connection["hadInstances"] = true;
  }
  world.add(path, instance);
  // twice, so that a resource which is still being made is seen
  return started(world, "CREATE", path, () => void (instance["state"] = "RUNNABLE"), 2);
}

/** PATCH changes what it names; PUT sets everything, so that what it leaves out is as Google has it by default. */
const change =
  (world: World, merge: (settings: Fields, body: Fields) => Fields): Handler =>
  ({ params, body }) => {
    const instance = idle(world, params);
    const { settings } = instance as { settings: Fields };
    const changed = { ...instance, ...body, settings: merge(settings, body) };
    checkSettings(changed);
    Object.assign(instance, changed);
    instance["settings"].settingsVersion = String(Number(settings["settingsVersion"]) + 1);
    return started(world, "UPDATE", pathOf(params));
  };

const userFields = (params: Record<string, string>, user: Fields): Fields => ({
  kind: "sql#user",
  etag: "user",
  host: "",
  ...user,
  instance: params["instance"],
  project: params["project"],
});

function started(
  world: World,
  type: string,
  target: string,
  finish: () => void = () => undefined,
  polls = 1,
): Fields {
  const effect = () => void finish();
  return operationFields(world, world.operations.start(type, target, effect, polls));
}

function operationFields(world: World, { name, type, target, isDone }: Operation): Fields {
  const instance = target.split("/")[3];
  if (instance === undefined) throw notFound(target);
  return {
    kind: "sql#operation",
    name,
    operationType: type,
    status: isDone ? "DONE" : "RUNNING",
    targetId: instance,
    targetProject: world.project,
    targetLink: `https://sqladmin.googleapis.com/sql/v1beta4/${target}`,
    selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/projects/${world.project}/operations/${name}`,
  };
}
