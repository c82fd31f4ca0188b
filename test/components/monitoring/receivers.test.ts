import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  alertmanagerConfig,
  type AlertReceivers,
} from "../../../components/monitoring/receivers.ts";
import { debianProgram } from "../../support/promtool.ts";
import { record } from "../../support/recorder.ts";

const email = { to: "ops@example.org", from: "mlops@example.org", smarthost: "mail:587" };
const login = { username: "mlops", password: "a %@:/?# 'word' \"\\" };
const everything: AlertReceivers = {
  email: { ...email, ...login, requireTls: false },
  slack: { webhookUrl: "https://hooks.example.org/T0/B0/x", channel: "#alerts" },
  webhook: { url: "http://pager.example.org:8080/in", bearerToken: "token-1" },
  heartbeat: { url: "https://watch.example.org/abc" },
};

const configuration = async (receivers?: AlertReceivers) => {
  const { result } = await record(async () => {
    const text = alertmanagerConfig(receivers);
    expect(await pulumi.isSecret(text)).toBe(true);
    return new Promise<string>((resolve) => void text.apply(resolve));
  });
  return JSON.parse(result);
};

test("without receivers no notification is sent", async () => {
  const { receivers } = await configuration();
  expect(receivers).toEqual([{ name: "nobody" }, { name: "heartbeat" }, { name: "people" }]);
});

test("mail requires TLS by default, and uses the given login", async () => {
  const mail = async (receivers: AlertReceivers) =>
    (await configuration(receivers)).receivers.at(-1).email_configs[0];
  expect(await mail({ email })).toMatchObject({ ...email, require_tls: true });
  expect(await mail(everything)).toMatchObject({
    require_tls: false,
    auth_username: login.username,
    auth_password: login.password,
  });
});

test("a critical alert silences the warning about the same thing, and no other", async () => {
  const { inhibit_rules } = await configuration();
  const same = ["alertname", "namespace", "persistentvolumeclaim"];
  const [source_matchers, target_matchers] = [['severity="critical"'], ['severity="warning"']];
  expect(inhibit_rules).toEqual([{ source_matchers, target_matchers, equal: same }]);
});

test("webhooks get their token and resolved alerts; the heartbeat gets only firing ones", async () => {
  const { receivers } = await configuration(everything);
  const [heartbeat, people] = receivers.slice(1);
  expect(people.webhook_configs[0]).toMatchObject({
    http_config: { authorization: { type: "Bearer", credentials: "token-1" } },
    send_resolved: true,
  });
  expect(heartbeat.webhook_configs).toEqual([{ ...everything.heartbeat, send_resolved: false }]);
});

const amtool = debianProgram("prometheus-alertmanager", "amtool");
const name = "path" in amtool ? "amtool" : `amtool (skipped: ${amtool.reason})`;

("path" in amtool ? describe : describe.skip)(name, () => {
  const folder = mkdtempSync(join(tmpdir(), "amtool-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const written = (name: string, config: object) => {
    const path = join(folder, `${name}.yml`);
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  const ask = (...words: string[]) =>
    execFileSync((amtool as { path: string }).path, words, { encoding: "utf8", stdio: "pipe" });

  test.each<[string, AlertReceivers]>([
    ["no receiver", {}],
    ...Object.entries(everything).map(([name, one]): [string, AlertReceivers] => [
      name,
      { [name]: one },
    ]),
    ["every receiver", everything],
  ])("accepts the configuration with %s", async (name, receivers) => {
    const path = written(name, await configuration(receivers));
    expect(ask("check-config", path)).toContain("SUCCESS");
  });

  test("refuses a faulty one, which proves that the check works", () => {
    const path = written("faulty", { route: { receiver: "nobody" }, receivers: [] });
    expect(() => ask("check-config", path)).toThrow("failed to validate 1 file(s)");
  });

  test.each([
    ["a critical alert", "people", ["alertname=A", "severity=critical"]],
    ["a warning", "people", ["alertname=A", "severity=warning"]],
    ["what is only for information", "nobody", ["alertname=A", "severity=info"]],
    ["the watchdog", "heartbeat", ["alertname=Watchdog", "severity=none"]],
  ])("sends %s to %s", async (_, receiver, labels) => {
    const config = `--config.file=${written("routes", await configuration(everything))}`;
    expect(ask("config", "routes", "test", config, ...labels).trim()).toBe(receiver);
  });

  test("a Slack message has the summary, the severity and the runbook", async () => {
    const { receivers } = await configuration(everything);
    const [slack] = receivers.at(-1).slack_configs;
    const about = {
      status: "firing",
      commonLabels: { alertname: "DiskFull", severity: "critical" },
      alerts: ["a", "b"].map((disk) => ({
        annotations: { summary: `${disk} is full`, description: "Soon.", runbook_url: "book://1" },
      })),
    };
    const data = `--template.data=${written("data", about)}`;
    const glob = `--template.glob=${written("none", {})}`;
    const said = (text: string) =>
      ask("template", "render", glob, data, `--template.text=${text}`).trim();
    expect(said(slack.title)).toBe("[FIRING] DiskFull (critical)");
    expect(said(slack.text)).toBe("a is full\nSoon.\nbook://1\nb is full\nSoon.\nbook://1");
  });
});
