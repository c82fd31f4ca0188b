import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OidcLogin } from "../../../components/index.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { makePlatform, platformArgs } from "../../support/fixtures.ts";
import { loginConfigText } from "../../support/loginConfig.ts";
import { goProgram } from "../../support/goProgram.ts";
import { containersOf, podTemplates } from "../../support/podSecurity.ts";
import { environment } from "../../support/pythonEnvironment.ts";
import { record, type Recorded } from "../../support/recorder.ts";
import { type FakeIssuer, fakeIssuer } from "./fakeIssuer.ts";
import { freePort } from "../../support/listening.ts";
import { echoServer, localhostCertificate, start } from "./programs.ts";
import { Visitor } from "./visitor.ts";

/** The platform behind its login: real proxies before a real MLflow, the real page, and an echo for the models. */
export interface PlatformBehindLogin {
  readonly issuer: FakeIssuer;
  readonly proxy: string;
  /** File with the issuer's certificate. */
  readonly certificate: string;
  readonly admin: { authorization: string };
  /** Ports of the proxies, as the load balancer would reach them. */
  readonly ports: ReadonlyMap<string, number>;
  visitor(): Visitor;
  stop(): Promise<void>;
}

export const domain = "mlops.example.com";
export const host = (label: string) => `https://${label}.${domain}`;
export const mlflow = host("mlflow");
// a name that oauth2-proxy would take for a variable of its environment
export const client = { id: "platform${HOME}", secret: "secret of the client" };
const admin = { name: "admin", password: "password of mlflow" };

/** Starts all of it; where one part fails to, the others are stopped. */
export async function platformBehindLogin(): Promise<PlatformBehindLogin> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => void (await Promise.all(stops.map((end) => end())));
  return await started(stops).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
}

async function started(stops: (() => Promise<void>)[]): Promise<PlatformBehindLogin> {
  const folder = mkdtempSync(join(tmpdir(), "login-"));
  const secrets = join(folder, "secrets");
  mkdirSync(secrets);
  writeFileSync(join(secrets, "client-secret"), client.secret);
  writeFileSync(join(secrets, "cookie-secret"), "k".repeat(43));
  const proxy = await goProgram("oauth2-proxy");
  const certificate = localhostCertificate(folder);
  const issuer = await fakeIssuer(client, certificate);
  stops.push(issuer.close);
  const login = {
    issuerUrl: issuer.url,
    clientId: client.id,
    clientSecret: client.secret,
    emailDomain: "example.com",
  };
  const { resources } = await recordedPlatform(login);
  const trusting = await recordedPlatform({ ...login, requireVerifiedEmail: false });
  const echo = await echoServer();
  stops.push(echo.close);
  const page = await startPage(folder, resources);
  stops.push(page.stop);
  const tracking = await startMlflow(folder, resources);
  stops.push(tracking.stop);

  const ports = new Map<string, number>();
  const guard = async (label: string, door: Door, upstream: number) => {
    const port = await freePort();
    ports.set(`${label}.${domain}`, port);
    const flags = proxyFlags(door, {
      file: join(folder, `${label}.yaml`),
      secrets,
      upstream,
      port,
    });
    const env = { PATH: process.env["PATH"], HOME: folder, SSL_CERT_FILE: certificate.file };
    stops.push((await start(proxy, flags, `http://127.0.0.1:${port}/ping`, { env })).stop);
  };
  await guard("mlflow", { resources, label: "mlflow" }, tracking.port);
  await guard("predict", { resources, label: "predict" }, page.port);
  await guard("models", { resources, label: "models" }, echo.port);
  // the page's login in front of what tells what arrives there, and a login that takes an issuer at its word
  await guard("seen-by-predict", { resources, label: "predict" }, echo.port);
  await guard("trusting", { resources: trusting.resources, label: "models" }, echo.port);
  return {
    issuer,
    proxy,
    certificate: certificate.file,
    admin: { authorization: `Basic ${btoa(`${admin.name}:${admin.password}`)}` },
    ports,
    visitor: () => new Visitor(ports, certificate.cert),
    stop: async () => {
      await Promise.all(stops.map((end) => end()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const recordedPlatform = (login: OidcLogin) =>
  record(() =>
    makePlatform("ml", {
      ...platformArgs,
      monitoring: { enabled: false },
      exposure: { domain, addressName: "address", certificateMapName: "map", login },
    }),
  );

interface Program {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** The login of one part of a recorded platform. */
interface Door {
  readonly resources: readonly Recorded[];
  readonly label: string;
}

/** The command line that the platform's Deployment gives the proxy, its file next to it, both moved to this machine. */
function proxyFlags(
  { resources, label }: Door,
  at: { file: string; secrets: string; upstream: number; port: number },
): string[] {
  const find = (name: string) => resources.find((resource) => resource.name === name)!;
  const here = (text: string) => text.replaceAll("/etc/oauth2-proxy/", `${at.secrets}/`);
  const text = loginConfigText(find(`ml-${label}-login-secrets`))
    .replaceAll(/"uri":"[^"]*"/g, `"uri":"http://127.0.0.1:${at.upstream}"`)
    .replace(/"bindAddress":"[^"]*"/, `"bindAddress":"127.0.0.1:${at.port}"`);
  writeFileSync(at.file, here(text));
  const flags = containerOf(resources, `ml-${label}-login-server`)["args"] as string[];
  return flags.map((flag) =>
    flag.startsWith("--alpha-config=") ? `--alpha-config=${at.file}` : here(flag),
  );
}

function containerOf(resources: readonly Recorded[], workload: string) {
  const pod = podTemplates(resources).find((template) => template.workload === workload)!;
  return containersOf(pod.spec)[0]!;
}

/** Variables of a workload's container. */
function environmentOf(resources: readonly Recorded[], workload: string, names: RegExp) {
  const given = containerOf(resources, workload)["env"] as { name: string; value: string }[];
  const matching = given.filter(({ name }) => names.test(name));
  return Object.fromEntries(matching.map(({ name, value }) => [name, value]));
}

/** The page, with what the platform's Deployment tells Streamlit. */
async function startPage(folder: string, resources: readonly Recorded[]): Promise<Program> {
  const python = await environment("predict");
  const [port, metricsPort] = [await freePort(), await freePort()];
  const sources = join(checkoutRoot, "apps/predict");
  const home = join(folder, "page");
  mkdirSync(join(home, ".streamlit"), { recursive: true });
  copyFileSync(join(sources, "streamlit.toml"), join(home, ".streamlit/config.toml"));
  const { stop } = await start(
    python,
    ["-m", "streamlit", "run", join(sources, "src/prediction_app/app.py")],
    `http://127.0.0.1:${port}/_stcore/health`,
    {
      cwd: home,
      env: {
        PATH: process.env["PATH"],
        PYTHONPATH: join(sources, "src"),
        HOME: home,
        MODEL_SERVER_URL: "http://127.0.0.1:9",
        STREAMLIT_SERVER_PORT: `${port}`,
        METRICS_PORT: `${metricsPort}`,
        ...environmentOf(resources, "ml-prediction-server", /^STREAMLIT_/),
      },
    },
  );
  return { port, stop };
}

/** MLflow with users, and with the lists of hosts and origins that the platform's Deployment gives it. */
async function startMlflow(folder: string, resources: readonly Recorded[]): Promise<Program> {
  const python = await environment("mlflow");
  const port = await freePort();
  const home = join(folder, "mlflow");
  mkdirSync(home);
  const users = [
    "[mlflow]",
    "default_permission = READ",
    `database_uri = sqlite:///${home}/users.db`,
    `admin_username = ${admin.name}`,
    `admin_password = ${admin.password}`,
  ];
  writeFileSync(join(home, "basic_auth.ini"), users.join("\n"));
  const { stop } = await start(
    python,
    [
      ...["-m", "mlflow", "server", "--app-name", "basic-auth", "--workers", "1"],
      ...["--host", "127.0.0.1", "--port", `${port}`],
      ...["--backend-store-uri", `sqlite:///${home}/runs.db`],
      ...["--artifacts-destination", join(home, "artifacts")],
    ],
    `http://127.0.0.1:${port}/health`,
    {
      cwd: home,
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        MLFLOW_AUTH_CONFIG_PATH: join(home, "basic_auth.ini"),
        MLFLOW_FLASK_SERVER_SECRET_KEY: "key of a test",
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        MLFLOW_DISABLE_TELEMETRY: "true",
        ...environmentOf(resources, "ml-tracking-server", /ALLOWED_(HOSTS|ORIGINS)$/),
      },
    },
  );
  return { port, stop };
}
