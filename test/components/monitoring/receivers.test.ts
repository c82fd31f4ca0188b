import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  alertmanagerConfig,
  type AlertReceiversArgs,
} from "../../../components/monitoring/receivers.ts";
import { debianProgram } from "../../support/promtool.ts";
import { record } from "../../support/recorder.ts";

const email = { to: "ops@example.org", from: "mlops@example.org", smarthost: "mail:587" };
const login = { username: "mlops", password: "a %@:/?# 'word' \"\\" };
const everything: AlertReceiversArgs = {
  email: { ...email, ...login, requireTls: false },
  slack: { webhookUrl: "https://hooks.example.org/T0/B0/x", channel: "#alerts" },
  webhook: { url: "http://pager.example.org:8080/in", bearerToken: "token-1" },
  heartbeat: { url: "https://watch.example.org/abc" },
};

const configuration = async (receivers?: AlertReceiversArgs) => {
  const { result } = await record(async () => {
    const text = alertmanagerConfig(receivers);
    expect(await pulumi.isSecret(text)).toBe(true);
    return new Promise<string>((resolve) => void text.apply(resolve));
  });
  return JSON.parse(result);
};

const receiver = async (receivers: AlertReceiversArgs, name = "people") =>
  (await configuration(receivers)).receivers.find((one: { name: string }) => one.name === name);

test("without receivers every alert ends with nobody who is told", async () => {
  const { receivers } = await configuration();
  expect(receivers).toEqual([{ name: "nobody" }, { name: "heartbeat" }, { name: "people" }]);
});

test("critical and warning alerts go to people, the watchdog to its listener, the rest to nobody", async () => {
  const { route, inhibit_rules } = await configuration(everything);
  expect(route).toEqual({
    receiver: "nobody",
    group_by: ["alertname", "namespace"],
    group_wait: "30s",
    group_interval: "5m",
    repeat_interval: "4h",
    routes: [
      {
        receiver: "heartbeat",
        matchers: ['alertname="Watchdog"'],
        group_wait: "0s",
        group_interval: "1m",
        repeat_interval: "5m",
      },
      { receiver: "people", matchers: ['severity=~"critical|warning"'] },
    ],
  });
  expect(inhibit_rules).toEqual([
    {
      source_matchers: ['severity="critical"'],
      target_matchers: ['severity="warning"'],
      equal: ["alertname", "namespace", "persistentvolumeclaim"],
    },
  ]);
});

test("e-mail logs in and asks for TLS as told", async () => {
  const config = { ...email, require_tls: true, send_resolved: true };
  expect(await receiver({ email })).toEqual({ name: "people", email_configs: [config] });
  const { email_configs } = await receiver(everything);
  expect(email_configs).toEqual([
    {
      ...config,
      require_tls: false,
      auth_username: login.username,
      auth_password: login.password,
    },
  ]);
});

test("Slack gets summary, description and runbook of each alert", async () => {
  const { slack_configs } = await receiver(everything);
  expect(slack_configs).toEqual([
    {
      api_url: "https://hooks.example.org/T0/B0/x",
      channel: "#alerts",
      title: expect.stringContaining("{{ .CommonLabels.alertname }}"),
      text: expect.stringMatching(/summary.*\n.*description.*\n.*runbook_url/),
      send_resolved: true,
    },
  ]);
  const own = await receiver({ slack: { webhookUrl: "https://hooks.example.org/T0/B0/x" } });
  expect(own.slack_configs[0]).not.toHaveProperty("channel");
});

test("webhooks send their token, and the heartbeat never says resolved", async () => {
  expect((await receiver(everything)).webhook_configs).toEqual([
    {
      url: "http://pager.example.org:8080/in",
      http_config: { authorization: { type: "Bearer", credentials: "token-1" } },
      send_resolved: true,
    },
  ]);
  expect(await receiver(everything, "heartbeat")).toEqual({
    name: "heartbeat",
    webhook_configs: [{ url: "https://watch.example.org/abc", send_resolved: false }],
  });
});

const amtool = debianProgram("prometheus-alertmanager", "amtool");
const name = "path" in amtool ? "amtool" : `amtool (skipped: ${amtool.reason})`;

("path" in amtool ? describe : describe.skip)(name, () => {
  const folder = mkdtempSync(join(tmpdir(), "amtool-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const answer = (path: string) =>
    execFileSync((amtool as { path: string }).path, ["check-config", path], {
      encoding: "utf8",
      stdio: "pipe",
    });

  test.each<[string, AlertReceiversArgs]>([
    ["no receiver", {}],
    ...Object.entries(everything).map(([name, one]): [string, AlertReceiversArgs] => [
      name,
      { [name]: one },
    ]),
    ["every receiver", everything],
  ])("accepts the configuration with %s", async (name, receivers) => {
    const path = join(folder, `${name}.yml`);
    writeFileSync(path, JSON.stringify(await configuration(receivers), null, 2));
    expect(answer(path)).toContain("SUCCESS");
  });

  test("refuses a faulty one, or accepting ours would say nothing", () => {
    const path = join(folder, "faulty.yml");
    writeFileSync(path, '{"route": {"receiver": "nobody"}, "receivers": []}');
    expect(() => answer(path)).toThrow("failed to validate 1 file(s)");
  });
});
