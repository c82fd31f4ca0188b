import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { environment as pythonEnvironment } from "../../support/pythonEnvironment.ts";
import { api, clusterFolder, mlops } from "../support/platform.ts";
import { startTestCluster } from "../support/testCluster.ts";
import { waitUntil } from "../support/wait.ts";

const program = join(checkoutRoot, "test", "e2e", "support", "expire_certificates.py");

/** The API server presents a certificate whose validity has ended, `doctor` says so, and a start makes new ones. */
export async function expireCertificates(): Promise<number> {
  const pki = join(clusterFolder, "pki");
  await run(await pythonEnvironment("mlflow"), [program, pki, "apiserver", "admin"]);
  await waitUntil("the API server presents it", 120, async () => {
    const answer = await api()
      .call("GET", "/version")
      .catch((error: NodeJS.ErrnoException) => error.code);
    return answer === "CERT_HAS_EXPIRED";
  });
  const { code, stdout } = await mlops("doctor");
  expect([code, stdout]).toEqual([1, expect.stringMatching(/certificate has expired/)]);
  const since = Date.now();
  await startTestCluster();
  return since;
}
