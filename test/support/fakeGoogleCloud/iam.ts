import { randomBytes } from "node:crypto";
import type { Api, Fields } from "./api.ts";
import { GoogleError, invalid, notFound } from "./googleError.ts";
import { checkProject } from "./serviceUsage.ts";
import type { World } from "./world.ts";

const all = "projects/{project}/serviceAccounts";
const one = `${all}/{account}`;

/** Service accounts, their keys and who may use them. */
export const iam: Api = {
  service: "iam.googleapis.com",
  variable: "GOOGLE_IAM_BETA_CUSTOM_ENDPOINT",
  path: "/iam/v1/",
  routes: (world) => ({
    [`POST ${all}`]: ({ params, body }) => insert(world, params["project"]!, body),
    [`GET ${one}`]: ({ params }) => account(world, params["account"]!),
    [`PATCH ${one}`]: ({ params, body }) =>
      Object.assign(account(world, params["account"]!), body["serviceAccount"]),
    [`DELETE ${one}`]: ({ params }) => {
      const { email } = account(world, params["account"]!);
      const keys = world.paths().filter((path) => path.startsWith(`${pathOf(email)}/`));
      [...keys, pathOf(email)].forEach((path) => world.remove(path));
      return {};
    },
    [`POST ${one}:getIamPolicy`]: ({ params, query }) =>
      world.policies.get(
        account(world, params["account"]!)["name"],
        Number(query.get("options.requestedPolicyVersion") ?? 1),
      ),
    [`POST ${one}:setIamPolicy`]: ({ params, body }) =>
      world.policies.set(account(world, params["account"]!)["name"], body["policy"]),
    [`POST ${one}/keys`]: ({ params, body }) => addKey(world, params["account"]!, body),
    [`GET ${one}/keys/{key}`]: ({ params }) => world.get(keyPath(world, params)),
    [`DELETE ${one}/keys/{key}`]: ({ params }) => {
      world.remove(keyPath(world, params));
      return {};
    },
  }),
};

const pathOf = (email: string) => `serviceAccounts/${email}`;

function insert(world: World, project: string, { accountId, serviceAccount }: Fields): Fields {
  checkProject(world, project);
  if (!/^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$/.test(accountId)) {
    throw invalid(`The account ID "${accountId}" does not have a length between 6 and 30.`);
  }
  const email = `${accountId}@${world.project}.iam.gserviceaccount.com`;
  return world.add(pathOf(email), {
    ...serviceAccount,
    name: `projects/${world.project}/serviceAccounts/${email}`,
    projectId: world.project,
    uniqueId: `1${world.serial()}`,
    oauth2ClientId: world.serial(),
    email,
    etag: "MDEwMjE5MjA=",
  });
}

function account(world: World, email: string): Fields {
  const found = world.find(pathOf(email));
  if (found) return found;
  throw notFound(`Unknown service account ${email}`);
}

const keyPath = (world: World, { account: email, key }: Record<string, string>) =>
  `${pathOf(account(world, email!)["email"])}/keys/${key}`;

/** The private key is shown once; a test looks for it in places where it must not be. */
function addKey(world: World, email: string, body: Fields): Fields {
  const { name, email: client_email } = account(world, email);
  if (world.forbidsKeys) {
    throw new GoogleError(
      400,
      "constraints/iam.disableServiceAccountKeyCreation",
      "Key creation is not allowed on this service account.",
      "FAILED_PRECONDITION",
    );
  }
  const id = randomBytes(20).toString("hex");
  const key = {
    name: `${name}/keys/${id}`,
    keyAlgorithm: body["keyAlgorithm"] ?? "KEY_ALG_RSA_2048",
    keyOrigin: "GOOGLE_PROVIDED",
    keyType: "USER_MANAGED",
    publicKeyData: Buffer.from("fake public key").toString("base64"),
    validAfterTime: "2026-01-01T00:00:00Z",
    validBeforeTime: "9999-12-31T23:59:59Z",
  };
  world.add(`${pathOf(client_email)}/keys/${id}`, key);
  const secret = `fake-${randomBytes(24).toString("hex")}`;
  world.secrets.push(secret);
  const file = {
    type: "service_account",
    project_id: world.project,
    private_key_id: id,
    private_key: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`,
    client_email,
    token_uri: "https://oauth2.googleapis.com/token",
  };
  const privateKeyData = Buffer.from(JSON.stringify(file)).toString("base64");
  world.secrets.push(privateKeyData);
  return { ...key, privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE", privateKeyData };
}
