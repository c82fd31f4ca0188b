import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { addToSettings, colleagueEnv, passwordOf, withPerson } from "../../cli/invitation.ts";
import { readSettings } from "../../cli/stackSettings.ts";
import { readText } from "../support/program.ts";

const outputs = {
  models: {
    churn: { servingUrl: "https://models.example.org/churn" },
    wine: { servingUrl: "https://models.example.org/wine" },
  },
  peoplePasswords: { alice: "first-password" },
  mlflowAdminPassword: "admin-password",
  notebookEnv: {
    MLFLOW_TRACKING_URI: "https://mlflow.example.org",
    MLFLOW_TRACKING_USERNAME: "notebook",
    MLFLOW_TRACKING_PASSWORD: "of the notebook",
    MODEL_NAME: "churn",
    MODEL_SERVING_URL: "https://models.example.org/churn",
    PREDICTION_APP_URL: "https://predict.example.org",
    PROMETHEUS_URL: "http://prometheus.mlops.svc.cluster.local",
    DASK_SCHEDULER_ADDRESS: "tls://dask.mlops.svc.cluster.local:8786",
    DASK_CLUSTER_SECRET: "of the cluster",
  },
};

describe("the stack's file", () => {
  const added = (text: string) => withPerson(text, "mlops-platform", "alice", "writer");

  test("gets a new person, and keeps all its lines", () => {
    const text = readText("Pulumi.gke.yaml");
    expect(added(text)).toBe(`${text}  mlops-platform:people:\n    alice: writer\n`);
  });

  test("keeps existing people and comments", () => {
    const before = "config:\n  mlops-platform:people:\n    bob: reader # until May\n";
    expect(added(before)).toBe(`${before}    alice: writer\n`);
    expect(withPerson(before, "mlops-platform", "bob", "writer")).toBe(
      before.replace("reader", "writer"),
    );
  });

  test.each(["", "# nothing yet\n", "config:\n  mlops-platform:people: {}\n"])(
    "may be empty: %j",
    (before) => expect(added(before)).toMatch(/mlops-platform:people:\s+\{? ?alice: writer/),
  );
});

test.each([
  ["Alice", /people\.Alice: a name must be lower-case letters/],
  ["admin", /people\.admin: admin, notebook, .* choose another name/],
  ["training-churn", /choose another name/],
])("%s is refused before the file is touched", (name, message) => {
  const before = readText("Pulumi.dev.yaml");
  expect(() => addToSettings(readSettings({}), name, "writer")).toThrow(message);
  expect(readText("Pulumi.dev.yaml")).toBe(before);
});

test("a colleague gets the platform's URLs and their own login, and nothing inside the cluster", () => {
  expect(colleagueEnv(outputs, "alice", "first-password").split("\n").slice(1)).toEqual([
    "MLFLOW_TRACKING_URI=https://mlflow.example.org",
    "MLFLOW_TRACKING_USERNAME=alice",
    "MLFLOW_TRACKING_PASSWORD=first-password",
    "MODEL_NAME=churn",
    "MODEL_SERVING_URL=https://models.example.org/churn",
    "PREDICTION_APP_URL=https://predict.example.org",
    `MODEL_SERVERS='{"churn":"https://models.example.org/churn","wine":"https://models.example.org/wine"}'`,
    "",
  ]);
});

describe("the password in the invitation", () => {
  let server: Server;
  let url: string;
  /** Passwords as the server has them. */
  const passwords: Record<string, string> = {};

  beforeAll(async () => {
    server = createServer((request, response) => {
      void answer(request).then((status) => response.writeHead(status).end("{}"));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => Object.assign(passwords, { admin: "admin-password", alice: "first-password" }));
  afterAll(() => new Promise((closed) => server.close(closed)));

  async function answer(request: IncomingMessage): Promise<number> {
    const [, login = ""] = /^Basic (.*)$/.exec(request.headers.authorization ?? "") ?? [];
    const [user = "", password] = Buffer.from(login, "base64").toString().split(":");
    if (passwords[user] !== password) return 401;
    if (request.method === "GET") return 200;
    if (user !== "admin") return 403;
    const chunks = (await request.toArray()) as Buffer[];
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
    passwords[body["username"]!] = body["password"]!;
    return 200;
  }

  test("is the first one as long as it logs in", async () => {
    expect(await passwordOf("alice", url, outputs)).toBe("first-password");
  });

  test("is not shown once the person has chosen another", async () => {
    passwords["alice"] = "chosen";
    await expect(passwordOf("alice", url, outputs)).rejects.toThrow(/add --reset-password/);
  });

  test("is a new one each time it is reset", async () => {
    passwords["alice"] = "chosen";
    const given = [];
    for (let time = 0; time < 2; time++) {
      const password = await passwordOf("alice", url, outputs, true);
      expect(passwords["alice"]).toBe(password);
      given.push(password);
    }
    expect(new Set([...given, "first-password", "chosen"]).size).toBe(4);
    expect(given.every(({ length }) => length >= 32)).toBe(true);
  });

  test("is missing until `up` has made the account", async () => {
    await expect(passwordOf("bob", url, outputs)).rejects.toThrow(/bob has no account yet; run/);
    await expect(passwordOf("bob", url, { ...outputs, peoplePasswords: null })).rejects.toThrow();
  });
});
