import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { versions } from "../../components/core/versions.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { which } from "../../local/support/process.ts";
import { askForPage, describeApps } from "./apps.ts";
import {
  client,
  domain,
  host,
  mlflow,
  type PlatformBehindLogin,
  platformBehindLogin,
} from "./support/platform.ts";
import type { Visitor } from "./support/visitor.ts";

/*
 * The login as people and programs meet it: oauth2-proxy itself, with the command lines of the platform's Deployments,
 * between a provider that checks what a client must prove and the real MLflow and prediction page.
 */

const missing = ["go", "openssl"].filter((program) => !which(program));
const suite = missing.length === 0 ? describe : describe.skip;
const why = missing.length === 0 ? "" : ` (skipped: ${missing.join(" and ")} not installed)`;

suite(`a platform behind a login${why}`, () => {
  let platform: PlatformBehindLogin;
  let visitor: Visitor;

  beforeAll(async () => {
    platform = await platformBehindLogin();
  }, 900_000);
  afterAll(() => platform?.stop());
  beforeEach(() => {
    visitor = platform.visitor();
    platform.issuer.person = { email: "ada@example.com" };
  });

  const loggedIn = () => visitor.logIn(`${host("models")}/diabetes/`);

  test("runs the version that the platform deploys", () => {
    const tag = /:(v[\d.]+)@/.exec(versions.oauth2Proxy)![1]!;
    const pinned = readFileSync(
      join(checkoutRoot, "test/support/goPrograms/oauth2-proxy/go.mod"),
      "utf8",
    );
    expect(pinned).toContain(`github.com/oauth2-proxy/oauth2-proxy/v7 ${tag} `);
    const build = execFileSync("go", ["version", "-m", platform.proxy], { encoding: "utf8" });
    expect(build).toContain(`github.com/oauth2-proxy/oauth2-proxy/v7\t${tag}\t`);
  });

  test.each(["mlflow", "predict", "models"])(
    "%s is healthy for the load balancer",
    async (label) => {
      const port = platform.ports.get(`${label}.${domain}`)!;
      // it asks by address, not by name
      expect((await fetch(`http://127.0.0.1:${port}/ping`)).status).toBe(200);
    },
  );

  test.each(["mlflow", "predict", "models"])(
    "%s sends a stranger to the provider",
    async (label) => {
      const { status, headers } = await visitor.ask(`${host(label)}/some/page?of=it`);
      expect(status).toBe(302);
      const asked = new URL(headers.location!);
      expect(`${asked.origin}${asked.pathname}`).toBe(`${platform.issuer.url}/authorize`);
      expect(Object.fromEntries(asked.searchParams)).toMatchObject({
        client_id: client.id,
        redirect_uri: `${host(label)}/oauth2/callback`,
        response_type: "code",
        code_challenge_method: "S256",
        nonce: expect.stringMatching(/.{20}/),
      });
    },
  );

  test("after the login people are on the page they requested, with a cookie that scripts cannot read", async () => {
    const page = `${host("models")}/diabetes/some/page?of=it`;
    const { status, url, body } = await visitor.open(page);
    expect([status, url]).toEqual([200, page]);
    const seen = JSON.parse(body) as { url: string; headers: Record<string, string> };
    expect(seen.url).toBe("/some/page?of=it");
    expect(seen.headers["host"]).toBe(`models.${domain}`);
    const [cookie] = visitor.cookies;
    expect(visitor.cookies).toHaveLength(1);
    expect(cookie!.name).toBe("__Secure-mlops-login");
    for (const attribute of [
      `Domain=${domain}`,
      "Max-Age=43200",
      "HttpOnly",
      "Secure",
      "SameSite=Lax",
    ]) {
      expect(cookie!.line).toContain(`; ${attribute}`);
    }
    expect(cookie!.line.length).toBeLessThan(2000);
  });

  test("one login opens every host", async () => {
    await loggedIn();
    platform.issuer.person = { email: "nobody@example.org" };
    const page = await visitor.ask(`${host("predict")}/`);
    expect([page.status, page.body.includes("<title>Streamlit</title>")]).toEqual([200, true]);
    expect((await visitor.ask(`${mlflow}/health`)).body).toBe("OK");
  });

  // SECURITY.md: A login lets in verified addresses of one domain only.
  test.each([
    ["of another domain", { email: "eve@example.org" }],
    ["of a domain that ends like ours", { email: "eve@not-example.com" }],
    ["of a domain below ours", { email: "eve@sub.example.com" }],
    ["with two at signs", { email: "eve@example.org@example.com" }],
  ])("an address %s gets a 403", async (_case, person) => {
    platform.issuer.person = person;
    expect((await visitor.open(`${mlflow}/`)).status).toBe(403);
    expect((await visitor.ask(`${mlflow}/`)).status).toBe(302);
  });

  // SECURITY.md: A login lets in verified addresses of one domain only.
  // SECURITY.md: An address that the provider says nothing about is not verified, unless
  // `oidcRequireVerifiedEmail` is false.
  test.each([
    ["has not verified", false],
    ["says nothing about", undefined],
  ])("an address that the provider %s opens nothing", async (_case, email_verified) => {
    platform.issuer.person = { email: "eve@example.com", email_verified };
    expect((await visitor.open(`${mlflow}/`)).status).toBeGreaterThanOrEqual(400);
    expect((await visitor.ask(`${mlflow}/`)).status).toBe(302);
  });

  test("a cookie that was tampered with opens nothing", async () => {
    await loggedIn();
    const [cookie] = visitor.cookies;
    const [value, time, signature] = cookie!.value.split("|") as [string, string, string];
    const forgeries = [
      `${value}|${Number(time) + 60}|${signature}`,
      `${value.slice(0, -4)}AAAA|${time}|${signature}`,
      `${value}|${time}|${"A".repeat(signature.length)}`,
      value,
    ];
    for (const forged of forgeries) {
      visitor.cookies = [{ ...cookie!, value: forged }];
      expect((await visitor.ask(`${mlflow}/`)).status).toBe(302);
    }
  });

  test.each([
    ["X-Forwarded-Uri", "/ping"],
    ["X-Forwarded-Host", "evil.example.org"],
    ["X-Forwarded-For", "127.0.0.1"],
    ["X-Forwarded-User", "ada@example.com"],
    ["User-Agent", "GoogleHC/1.0"],
  ])("a %s header of the visitor's opens nothing", async (name, value) => {
    const { status, headers } = await visitor.ask(`${mlflow}/`, { headers: { [name]: value } });
    expect(status).toBe(302);
    const redirect = new URL(headers.location!).searchParams.get("redirect_uri");
    expect(redirect).toBe(`${mlflow}/oauth2/callback`);
  });

  test("a login leads to no other site", async () => {
    const elsewhere = encodeURIComponent("https://evil.example.org/");
    const { url } = await visitor.open(`${host("models")}/oauth2/start?rd=${elsewhere}`);
    expect(url).toBe(`${host("models")}/`);
  });

  test("signing out closes every host", async () => {
    await loggedIn();
    await visitor.ask(`${host("models")}/oauth2/sign_out`);
    expect((await visitor.ask(`${host("predict")}/`)).status).toBe(302);
  });

  test("a large upload arrives complete", async () => {
    await loggedIn();
    const body = Buffer.alloc(64 * 1024 ** 2, "x");
    const answer = await visitor.ask(`${host("models")}/diabetes/upload`, { method: "PUT", body });
    expect(JSON.parse(answer.body)).toMatchObject({ method: "PUT", bytes: body.length });
  });

  describe("websockets", () => {
    const stream = `${host("predict")}/_stcore/stream`;
    test("are refused to a stranger", async () => {
      expect(await visitor.webSocket(stream)).toEqual({ status: 302 });
    });

    test("carry bytes both ways", async () => {
      await loggedIn();
      const webSocket = await visitor.opened(`${host("models")}/diabetes/echo`);
      webSocket.send(Buffer.from("there and back"));
      expect(await webSocket.arrival(/there and back/)).not.toBeNull();
      webSocket.socket.destroy();
    });

    test("bring the prediction page", async () => {
      await loggedIn();
      const webSocket = await visitor.opened(stream);
      webSocket.send(askForPage);
      expect(await webSocket.arrival(/model server/)).not.toBeNull();
      webSocket.socket.destroy();
    });

    test("of another site's page are refused by the prediction page", async () => {
      await loggedIn();
      const answer = await visitor.webSocket(stream, { origin: "https://evil.example.org" });
      expect(answer).toEqual({ status: 403 });
    });
  });

  describeApps(() => ({ platform, visitor }));
});
