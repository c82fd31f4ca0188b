import { LoginProxy, type LoginProxyArgs } from "../../../components/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { loginConfigOf } from "../../support/loginConfig.ts";
import { at, containersOf, podFaults, podTemplates } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";
import { readable, textsInTheOpen } from "../../support/wire.ts";

const make = (name: string, args: LoginProxyArgs) => new LoginProxy(name, args);
const login = {
  issuerUrl: "https://accounts.google.com",
  clientId: "client",
  clientSecret: "MARKER-client-secret",
  emailDomain: "example.com",
};
const base: LoginProxyArgs = {
  namespace: "ml",
  login,
  domain: "ml.example.com",
  hostName: "mlflow.ml.example.com",
  upstreamUrls: { "/": "http://mlflow.ml.svc.cluster.local:5000" },
};
const flagsOf = (resources: Parameters<typeof podTemplates>[0]) =>
  containersOf(podTemplates(resources)[0]!.spec)[0]!["args"] as string[];

test("makes two pods with an identity, a Service, a budget and their secrets", async () => {
  const { resources, find } = await record(() => make("door", base));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:Deployment door-server < door",
    "kubernetes:core/v1:Secret door-secrets < door",
    "kubernetes:core/v1:Service door-service < door",
    "kubernetes:core/v1:ServiceAccount door-account < door",
    "kubernetes:policy/v1:PodDisruptionBudget door-disruption-budget < door",
    "mlops:index:LoginProxy door",
    "random:index/randomPassword:RandomPassword door-cookie-secret < door",
  ]);
  expect(find("door-cookie-secret").inputs).toMatchObject({ length: 43, special: false });
  expect(find("door").outputs).toEqual({
    internalUrl: "http://door.ml.svc.cluster.local:4180",
    externalUrl: "https://mlflow.ml.example.com",
    redirectUri: "https://mlflow.ml.example.com/oauth2/callback",
  });
});

test("a given cookie secret is not generated", async () => {
  const cookieSecret = "c".repeat(43);
  const { resources, find } = await record(() => make("door", { ...base, cookieSecret }));
  expect(resources.some(({ type }) => type.startsWith("random:"))).toBe(false);
  expect(readable(find("door-secrets").inputs["stringData"]!)).toMatchObject({
    secret: { "client-secret": "MARKER-client-secret", "cookie-secret": cookieSecret },
  });
});

test("an existing Secret has the values that it needs in addition to its file", async () => {
  const { clientSecret: _, ...rest } = login;
  const { resources, find } = await record(() =>
    make("door", { ...base, login: rest, secretName: "mine" }),
  );
  expect(tree(resources).join()).not.toContain("random");
  const own = readable(find("door-secrets").inputs["stringData"]!) as { secret: object };
  expect(Object.keys(own.secret)).toEqual(["oauth2-proxy.yaml"]);
  expect(at(find("door-server").inputs, "spec", "template", "spec", "volumes")).toEqual([
    {
      name: "secrets",
      projected: {
        defaultMode: 0o440,
        sources: [
          { secret: { name: "door-secrets-1a2b3c" } },
          {
            secret: {
              name: "mine",
              items: [
                { key: "client-secret", path: "client-secret" },
                { key: "cookie-secret", path: "cookie-secret" },
              ],
            },
          },
        ],
      },
    },
  ]);
});

test("its pods get no API token, and its selector matches only them", async () => {
  const { resources, find } = await record(() => make("door", base));
  const [pod] = podTemplates(resources);
  expect(podFaults(pod!.spec)).toEqual([]);
  expect(at(find("door-service").inputs, "spec", "selector")).toEqual({
    "app.kubernetes.io/name": "door",
    "app.kubernetes.io/instance": "door",
  });
});

test("confidential values are only in secret outputs, never on the command line", async () => {
  const { resources } = await record(() => make("door", base));
  for (const { inputs, outputs = {} } of resources) {
    const open = [...textsInTheOpen(inputs), ...textsInTheOpen(outputs)];
    expect(open.filter((text) => text.includes("MARKER"))).toEqual([]);
  }
});

test("its command line sets who may log in, and how the session is kept", async () => {
  const { resources } = await record(() => make("door", { ...base, programPaths: ["/api/"] }));
  expect(flagsOf(resources)).toEqual([
    "--alpha-config=/etc/oauth2-proxy/oauth2-proxy.yaml",
    "--email-domain=example.com",
    "--redirect-url=https://mlflow.ml.example.com/oauth2/callback",
    "--skip-provider-button=true",
    "--cookie-secret-file=/etc/oauth2-proxy/cookie-secret",
    "--cookie-name=__Secure-mlops-login",
    "--cookie-domain=.ml.example.com",
    "--cookie-secure=true",
    "--cookie-httponly=true",
    "--cookie-samesite=lax",
    "--cookie-expire=12h",
    "--cookie-csrf-per-request=true",
    "--cookie-csrf-per-request-limit=5",
    "--session-cookie-minimal=true",
    "--silence-ping-logging=true",
    "--request-logging=false",
    "--api-route=^/api/",
  ]);
});

test("its file sets the provider, and the headers that are passed on", async () => {
  const { find } = await record(() => make("door", base));
  expect(loginConfigOf(find("door-secrets"))).toEqual({
    server: { bindAddress: "0.0.0.0:4180" },
    providers: [
      {
        id: "oidc",
        provider: "oidc",
        clientID: "client",
        clientSecretFile: "/etc/oauth2-proxy/client-secret",
        code_challenge_method: "S256",
        scope: "openid email profile",
        oidcConfig: {
          issuerURL: "https://accounts.google.com",
          insecureSkipNonce: false,
          groupsClaim: "email_verified",
        },
        allowedGroups: ["true"],
      },
    ],
    upstreamConfig: {
      upstreams: [{ id: "/", path: "/", uri: base.upstreamUrls["/"], timeout: "3600s" }],
    },
    injectRequestHeaders: [{ name: "Cookie" }, { name: "Authorization" }],
  });
});

test("the cookie follows the domain", async () => {
  const elsewhere = { domain: "ai.example.com", hostName: "mlflow.ai.example.com" };
  const { resources } = await record(() => make("door", { ...base, ...elsewhere }));
  expect(flagsOf(resources)).toContain("--cookie-domain=.ai.example.com");
});

const subject = 'LoginProxy "door":';
const domainRule =
  "must be a domain such as mlops.example.com: lower-case letters, digits, dashes and dots, at most 64 characters, without scheme, port, path or wildcard";

describeRefusals(make, "door", base, [
  [
    { secretName: "mine" },
    `${subject} login.clientSecret has no effect with an existing Secret; leave it out`,
  ],
  [{ login: { ...login, issuerUrl: "" } }, `${subject} login.issuerUrl must be given`],
  ...["http://accounts.google.com", "accounts.google.com", "https://a.example?b"].map(
    (issuerUrl): [Partial<LoginProxyArgs>, string] => [
      { login: { ...login, issuerUrl } },
      `${subject} login.issuerUrl must be an https: URL such as https://accounts.google.com, without a query`,
    ],
  ),
  [
    { login: { ...login, emailDomain: "*" } },
    `${subject} login.emailDomain must not be *, which admits every account of the provider; name the domain of your users' addresses`,
  ],
  [
    { login: { ...login, emailDomain: "ada@example.com" } },
    `${subject} login.emailDomain ${domainRule}`,
  ],
  [
    { login: { ...login, emailDomain: "gmail.com" } },
    `${subject} login.emailDomain must not be gmail.com with Google's accounts, because anyone can create one; name your own domain`,
  ],
  ...["login.microsoftonline.com", "login.microsoftonline.us", "sts.windows.net"].map(
    (host): [Partial<LoginProxyArgs>, string] => [
      { login: { ...login, issuerUrl: `https://${host}/0a1b/v2.0` } },
      `${subject} login.requireVerifiedEmail must be false with Entra ID, which never sends email_verified; set it to false and rely on the tenant's administrators for the addresses`,
    ],
  ),
  ...["common", "organizations", "consumers"].map((tenant): [Partial<LoginProxyArgs>, string] => [
    {
      login: {
        ...login,
        issuerUrl: `https://login.microsoftonline.com/${tenant}/v2.0`,
        requireVerifiedEmail: false,
      },
    },
    `${subject} login.issuerUrl must name your own Entra ID tenant, because another tenant can make up any address; use https://login.microsoftonline.com/TENANT-ID/v2.0`,
  ]),
  [{ domain: "*.example.com" }, `${subject} domain ${domainRule}`],
  [
    { hostName: "mlflow.example.org" },
    `${subject} hostName must be one label and the domain, such as mlflow.ml.example.com: lower-case letters, digits and dashes, at most 64 characters`,
  ],
  [
    { cookieSecret: "too short" },
    `${subject} cookieSecret must be 43 letters, digits, dashes and underscores (32 bytes as base64url); leave it out to have one generated`,
  ],
  [{ replicas: 0 }, `${subject} replicas must be a whole number from 1 to 20`],
  [{ sessionHours: 169 }, `${subject} sessionHours must be a whole number from 1 to 168`],
  [{ timeoutSeconds: 29 }, `${subject} timeoutSeconds must be a whole number from 30 to 86400`],
  [
    { programPaths: ["/api/", "^/.*"] },
    `${subject} programPaths[1] must be the start of a path such as /api/`,
  ],
  ...["churn", "/a/b/", "/oauth2/"].map((path): [Partial<LoginProxyArgs>, string] => [
    { upstreamUrls: { [path]: "http://churn:8080" } },
    `${subject} upstreamUrls${path === "churn" ? ".churn" : `["${path}"]`} must be under / or a path such as /churn/, and not /oauth2/, the proxy's own`,
  ]),
]);

describePreview(make, "door", base, (unknown) => ({
  namespace: unknown,
  login: { ...login, clientId: unknown, clientSecret: unknown },
  upstreamUrls: { "/": unknown },
  image: unknown,
}));
