import { Prometheus, type PrometheusArgs } from "../../../components/index.ts";
import { describeRefusals } from "../../support/cases.ts";

const make = (name: string, args: PrometheusArgs) => new Prometheus(name, args);
const base: PrometheusArgs = { namespace: "ml" };

const it = 'Prometheus "metrics": ';
const secret = "MARKER-secret";
describeRefusals(make, "metrics", base, [
  [{ storageSize: "8" }, `${it}storageSize must be a quantity of bytes such as 8Gi`],
  [{ nodeExporterPort: 80 }, `${it}nodeExporterPort must be a whole number from 1024 to 65535`],
  [{ retention: "two weeks" }, `${it}retention must be a duration such as 15d`],
  [{ retentionSize: "6Gi" }, `${it}retentionSize must be a size such as 6GB (of 1024 MB each)`],
  [
    { retentionSize: "8GB" },
    `${it}retentionSize must be smaller than storageSize; lower it or leave it out`,
  ],
  [
    { retentionSize: "300MB", storageSize: "256Mi" },
    `${it}retentionSize must be smaller than storageSize; lower it or leave it out`,
  ],
  [
    { nodeExporterNamespace: "Host_Access" },
    `${it}nodeExporterNamespace must be a DNS label such as mlops-node-exporter: lower-case letters, digits and dashes, a letter first`,
  ],
  [
    { chart: { version: "latest" } },
    `${it}chart.version must be an exact version such as 29.27.0, so that the same program deploys the same chart`,
  ],
  [
    { receivers: { teams: { url: secret } } } as never,
    `${it}receivers.teams is not an argument; those are email, slack, webhook, heartbeat`,
  ],
  [
    { receivers: { slack: { url: secret } } } as never,
    `${it}receivers.slack.url is not an argument; those are webhookUrl, channel\n${it}receivers.slack.webhookUrl must be given`,
  ],
  [
    { receivers: { webhook: { bearerToken: secret } } } as never,
    `${it}receivers.webhook.url must be given`,
  ],
  [
    { receivers: { slack: { webhookUrl: secret } } },
    `${it}receivers.slack.webhookUrl must be a URL: http:// or https://`,
  ],
  [
    { receivers: { heartbeat: { url: secret } } },
    `${it}receivers.heartbeat.url must be a URL: http:// or https://`,
  ],
  [
    { receivers: { email: { to: "a@b", from: "a@b", smarthost: "smtp.example.org" } } },
    `${it}receivers.email.smarthost must be a mail server with its port, such as smtp.example.org:587`,
  ],
  [
    { receivers: { email: { to: "a@b", from: "a@b", smarthost: "smtp:25", password: secret } } },
    `${it}receivers.email.username and receivers.email.password belong together; give both or neither`,
  ],
]);
