import * as pulumi from "@pulumi/pulumi";
import { flag, matches, object, required, type Rule, text } from "../core/checks.ts";

/** Sends alerts by e-mail. */
export interface EmailReceiver {
  /** Recipients, separated by commas. */
  to: pulumi.Input<string>;
  /** Sender. */
  from: pulumi.Input<string>;
  /** Mail server with its port, such as `smtp.example.org:587`. */
  smarthost: pulumi.Input<string>;
  /** User name for the mail server. Defaults to no login. */
  username?: pulumi.Input<string>;
  /** Password of that user, kept secret. */
  password?: pulumi.Input<string>;
  /** Whether mail is sent over TLS only. Defaults to true. */
  requireTls?: pulumi.Input<boolean>;
}

/** Sends alerts to a channel of Slack. */
export interface SlackReceiver {
  /** URL of the incoming webhook, kept secret. */
  webhookUrl: pulumi.Input<string>;
  /** Channel such as `#alerts`. Defaults to the webhook's own. */
  channel?: pulumi.Input<string>;
}

/** Sends alerts as JSON to a URL. */
export interface WebhookReceiver {
  /** URL that receives the POST requests, kept secret. */
  url: pulumi.Input<string>;
  /** Bearer token to send along, kept secret. Defaults to none. */
  bearerToken?: pulumi.Input<string>;
}

/** Alert receivers. Each critical or warning alert goes to all that are given. */
export interface AlertReceivers {
  /** E-mail. */
  email?: EmailReceiver;
  /** Slack channel. */
  slack?: SlackReceiver;
  /** A webhook. */
  webhook?: WebhookReceiver;
  /** URL that receives the alert `Watchdog` every five minutes, at a service that pages you when it stops arriving. */
  heartbeat?: WebhookReceiver;
}

const url = matches(/^https?:\/\/\S+$/, "be a URL: http:// or https://");

const webhook = object<WebhookReceiver>({ url: required(url), bearerToken: text });

/** Refuses what Alertmanager would refuse at its start. No message repeats a value: most of them are secret. */
export const checkReceivers: Rule = object<AlertReceivers>({
  email: object<EmailReceiver>(
    {
      to: required(text),
      from: required(text),
      smarthost: required(
        matches(
          /^[^\s:/]+:[0-9]+$/,
          "be a mail server with its port, such as smtp.example.org:587",
        ),
      ),
      username: text,
      password: text,
      requireTls: flag,
    },
    (check, _, { username, password }) =>
      check.refuse(
        username === undefined ? "username" : "password",
        (username === undefined) !== (password === undefined),
        `${check.pathOf("username")} and ${check.pathOf("password")} belong together; give both or neither`,
      ),
  ),
  slack: object<SlackReceiver>({ webhookUrl: required(url), channel: text }),
  webhook,
  heartbeat: webhook,
});

const lines = (text: string) => `{{ range .Alerts }}${text}\n{{ end }}`;
const slackTitle =
  "[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }} ({{ .CommonLabels.severity }})";
const slackText = lines(
  "{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}",
);

type Known = pulumi.Unwrap<AlertReceivers>;

const webhookConfig = ({ url, bearerToken }: NonNullable<Known["webhook"]>) => ({
  url,
  ...(bearerToken === undefined
    ? {}
    : { http_config: { authorization: { type: "Bearer", credentials: bearerToken } } }),
});

/** The configuration of Alertmanager 0.25 and later. */
function configuration({ email, slack, webhook, heartbeat }: Known) {
  const people = {
    name: "people",
    ...(email && {
      email_configs: [
        {
          to: email.to,
          from: email.from,
          smarthost: email.smarthost,
          require_tls: email.requireTls ?? true,
          ...(email.username === undefined
            ? {}
            : { auth_username: email.username, auth_password: email.password }),
          send_resolved: true,
        },
      ],
    }),
    ...(slack && {
      slack_configs: [
        {
          api_url: slack.webhookUrl,
          ...(slack.channel === undefined ? {} : { channel: slack.channel }),
          title: slackTitle,
          text: slackText,
          send_resolved: true,
        },
      ],
    }),
    ...(webhook && { webhook_configs: [{ ...webhookConfig(webhook), send_resolved: true }] }),
  };
  const watcher = {
    name: "heartbeat",
    ...(heartbeat && {
      webhook_configs: [{ ...webhookConfig(heartbeat), send_resolved: false }],
    }),
  };
  return {
    route: {
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
    },
    inhibit_rules: [
      {
        source_matchers: ['severity="critical"'],
        target_matchers: ['severity="warning"'],
        equal: ["alertname", "namespace", "persistentvolumeclaim"],
      },
    ],
    receivers: [{ name: "nobody" }, watcher, people],
  };
}

/** Text of `alertmanager.yml`, a secret. It is JSON, which is YAML too. */
export function alertmanagerConfig(receivers: AlertReceivers = {}): pulumi.Output<string> {
  return pulumi.secret(
    pulumi.output(receivers).apply((known) => `${JSON.stringify(configuration(known), null, 2)}\n`),
  );
}
