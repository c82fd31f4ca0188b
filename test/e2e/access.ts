import { mlflow, type Mlflow, MlflowError } from "../../cli/mlflow.ts";
import { api, namespace } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

/** Who may do what in MLflow. */
export function describeAccess(outputs: () => Record<string, string>): void {
  const uri = () => outputs()["mlflowTrackingUri"]!;
  const status = (call: Promise<unknown>) =>
    call.then(
      () => 200,
      (error: unknown) => {
        if (error instanceof MlflowError) return error.status;
        throw error;
      },
    );
  const createExperiment = (client: Mlflow, name: string) =>
    status(client.call("experiments/create", { name }));
  const search = (client: Mlflow) => status(client.call("experiments/search?max_results=1"));

  test("a wrong administrator's password is refused", async () => {
    expect(await search(mlflow(uri(), "admin", "password1234"))).toBe(401);
    expect(await search(mlflow(uri(), "admin", outputs()["mlflowAdminPassword"]!))).toBe(200);
  });

  test("without a password no page is shown", async () => {
    const response = await fetch(`${uri()}/api/2.0/mlflow/experiments/search?max_results=1`);
    expect(response.status).toBe(401);
  });

  // SECURITY.md: Each workload has its own MLflow user: the model server can read, training and
  // notebooks can write.
  test("the model server's user reads, and writes nothing", async () => {
    const reader = "model-server-diabetes-progression";
    const client = mlflow(uri(), reader, await passwordOf(reader));
    const model = { name: "diabetes-progression", alias: "champion", version: "1" };
    expect(await search(client)).toBe(200);
    expect(await createExperiment(client, "not-allowed")).toBe(403);
    expect(await status(client.call("registered-models/alias", model))).toBe(403);
    expect(await status(client.call("registered-models/create", { name: "not-allowed" }))).toBe(
      403,
    );
    const upload = client.putArtifact("0/not-allowed/artifacts/file.txt", "x");
    expect(await status(upload)).toBe(403);
  });

  // SECURITY.md: Each workload has its own MLflow user: the model server can read, training and
  // notebooks can write.
  test.each(["training-diabetes-progression", "notebook"])(
    "the user %s writes, but manages no users",
    async (user) => {
      const password = user === "notebook" ? outputs()["mlflowPassword"]! : await passwordOf(user);
      const client = mlflow(uri(), user, password);
      const name = `by-${user}-${Date.now()}`;
      expect(await createExperiment(client, name)).toBe(200);
      const newcomer = { username: "intruder", password: "a-long-enough-password" };
      expect(await status(client.call("users/create", newcomer))).toBe(403);
      const admin = mlflow(uri(), "admin", outputs()["mlflowAdminPassword"]!);
      await waitUntil("the experiment is there for all to read", 10, async () =>
        status(admin.call(`experiments/get-by-name?experiment_name=${name}`)).then(
          (s) => s === 200,
        ),
      );
    },
  );
}

/** Password that a workload's own Secret holds. */
async function passwordOf(username: string): Promise<string> {
  const secrets = await api().list(`/api/v1/namespaces/${namespace}/secrets`);
  const decoded = (text: string | undefined) => Buffer.from(text ?? "", "base64").toString();
  const found = secrets.find(({ data }) => decoded(data?.["username"]) === username);
  if (!found) throw new Error(`no Secret holds the user ${username}`);
  return decoded(found.data?.["password"]);
}
