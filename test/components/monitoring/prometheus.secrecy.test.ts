import { Grafana, Prometheus } from "../../../components/index.ts";
import { releaseOf } from "../../support/charts.ts";
import { record } from "../../support/recorder.ts";
import { isSecret, textsInTheOpen } from "../../support/wire.ts";
import type { Json } from "../../support/recorder.ts";

const receivers = {
  email: {
    to: "ops@example.org",
    from: "mlops@example.org",
    smarthost: "smtp.example.org:587",
    username: "MARKER-user",
    password: "MARKER-password",
  },
  slack: { webhookUrl: "https://MARKER-slack" },
  webhook: { url: "https://MARKER-webhook", bearerToken: "MARKER-token" },
  heartbeat: { url: "https://MARKER-heartbeat", bearerToken: "MARKER-beat" },
};
const everything = () => {
  const { url, alertmanagerUrl } = new Prometheus("metrics", { namespace: "ml", receivers });
  return new Grafana("grafana", { namespace: "ml", prometheusUrl: url, alertmanagerUrl });
};

/** Whether there is a secret envelope anywhere inside. */
const holdsSecret = (value: Json): boolean =>
  isSecret(value) ||
  (typeof value === "object" && value !== null && Object.values(value).some(holdsSecret));

// SECURITY.md: Nothing secret is among the values of a Helm release: Grafana's credentials and the
// whole configuration of Alertmanager are Secrets.
test.each(["metrics", "grafana"])(
  "nothing that `helm get values` shows of %s is secret, as a secret or not",
  async (name) => {
    const { resources } = await record(everything);
    const release = releaseOf(resources.filter(({ parent }) => parent === name));
    expect(holdsSecret(release.inputs)).toBe(false);
    expect(JSON.stringify(release.inputs)).not.toContain("MARKER");
  },
);

test("confidential values are only in Secrets, those of every receiver in one", async () => {
  const { resources } = await record(everything);
  const made = resources.filter(({ custom }) => custom);
  const open = made.filter(({ inputs }) => textsInTheOpen(inputs).join().includes("MARKER"));
  expect(open.map(({ name }) => name)).toEqual([]);
  const config = made.find(({ name }) => name === "metrics-alertmanager-config")!;
  const markers = JSON.stringify(receivers).match(/MARKER-\w+/g)!;
  expect(markers).toHaveLength(7);
  for (const marker of markers) expect(JSON.stringify(config.inputs)).toContain(marker);
  const credentials = made.find(({ name }) => name === "grafana-credentials")!;
  for (const password of ["grafana-admin-password", "grafana-secret-key"]) {
    expect(JSON.stringify(credentials.inputs)).toContain(`MARKER-${password}`);
  }
});

test("Grafana's password is a secret output, its administrator's name is not", async () => {
  const { find } = await record(everything);
  const { adminPassword, ...open } = find("grafana").outputs!;
  expect(isSecret(adminPassword)).toBe(true);
  expect(open).toEqual({
    adminUsername: "admin",
    internalUrl: "http://grafana.ml.svc.cluster.local:3000",
    externalUrl: "http://grafana.ml.svc.cluster.local:3000",
  });
});
