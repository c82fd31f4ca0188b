import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkoutRoot } from "../../local/support/cache.ts";
import { which } from "../../local/support/process.ts";
import { environment } from "../support/pythonEnvironment.ts";
import { client, domain, host, mlflow, type PlatformBehindLogin } from "./support/platform.ts";
import type { Visitor } from "./support/visitor.ts";

const search = `${mlflow}/api/2.0/mlflow/experiments/search?max_results=1`;

/** The message by which a browser asks Streamlit for the page: `rerun_script`, without any state. */
export const askForPage = Buffer.from([0x5a, 0x00]);

/** What people and programs meet at the apps themselves once the login has let them through, or has not. */
export function describeApps(now: () => { platform: PlatformBehindLogin; visitor: Visitor }): void {
  let platform: PlatformBehindLogin;
  let visitor: Visitor;
  beforeEach(() => void ({ platform, visitor } = now()));
  const loggedIn = () => visitor.logIn(`${host("models")}/diabetes/`);

  describe("MLflow behind it", () => {
    test("asks for its own password, and gets it", async () => {
      await loggedIn();
      const without = await visitor.ask(search);
      expect([without.status, without.headers["www-authenticate"]]).toEqual([
        401,
        expect.stringMatching(/^Basic /),
      ]);
      const { status, body } = await visitor.ask(search, { headers: platform.admin });
      expect([status, body.includes("experiments")]).toEqual([200, true]);
    });

    test("accepts changes from its own page, and from no other", async () => {
      await loggedIn();
      const create = (origin: string, name: string) =>
        visitor.ask(`${mlflow}/ajax-api/2.0/mlflow/experiments/create`, {
          method: "POST",
          headers: { ...platform.admin, origin, "content-type": "application/json" },
          body: JSON.stringify({ name }),
        });
      expect((await create(mlflow, "from its page")).status).toBe(200);
      expect((await create("https://evil.example.org", "from elsewhere")).status).toBe(403);
    });

    test("a program without the cookie gets a 401 instead of a login page, with any password", async () => {
      expect((await visitor.ask(search)).status).toBe(401);
      expect((await visitor.ask(search, { headers: platform.admin })).status).toBe(401);
    });

    test("an ID token does not open it: a request has one Authorization, and it is MLflow's", async () => {
      const token = platform.issuer.idToken({ sub: "1", email: "ada@example.com" });
      const authorization = `Bearer ${token}`;
      expect((await visitor.ask(search, { headers: { authorization } })).status).toBe(401);
    });
  });

  describe("the prediction page behind it", () => {
    const upload = async (session: string) => {
      const form = new FormData();
      form.append("file", new Blob(["a,b\n1,2\n"]), "rows.csv");
      const request = new Request("http://page", { method: "PUT", body: form });
      return await visitor.ask(
        `${host("predict")}/_stcore/upload_file/${session}/${randomUUID()}`,
        {
          method: "PUT",
          headers: { "content-type": request.headers.get("content-type")! },
          body: Buffer.from(await request.arrayBuffer()),
        },
      );
    };

    test("accepts a file from a visitor's own session, and from no other", async () => {
      await loggedIn();
      const page = await visitor.opened(`${host("predict")}/_stcore/stream`);
      page.send(askForPage);
      // `session_id` of Streamlit's message `Initialize`: field 6, 36 characters
      const [, session] = (await page.arrival(/\x32\x24([0-9a-f-]{36})/))!;
      expect((await upload(session!)).status).toBe(204);
      expect((await upload(randomUUID())).status).toBe(400);
      page.socket.destroy();
    });

    test("accepts no file without the login", async () => {
      expect((await upload(randomUUID())).status).toBe(302);
    });
  });

  describe.each([
    ["models", "/diabetes"],
    ["seen-by-predict", ""],
  ])("what stands behind %s", (label, below) => {
    const credentials = /^(cookie|authorization)$/;
    const names = (headers: object) =>
      Object.keys(headers).filter((name) => credentials.test(name));

    // SECURITY.md: The login's cookie and ID tokens reach neither the model server nor the
    // prediction page.
    test("gets neither the session's cookie nor any other, nor a token", async () => {
      await loggedIn();
      const authorization = "Bearer of something else";
      const { status, body } = await visitor.ask(`${host(label)}${below}/`, {
        headers: { authorization },
      });
      const { headers } = JSON.parse(body) as { headers: object };
      expect([status, names(headers)]).toEqual([200, []]);
    });

    // SECURITY.md: The login's cookie and ID tokens reach neither the model server nor the
    // prediction page.
    test("gets none with a websocket either", async () => {
      await loggedIn();
      const webSocket = await visitor.opened(`${host(label)}${below}/echo`);
      const [headers] = (await webSocket.arrival(/\{.*\}/))!;
      expect(names(JSON.parse(headers) as object)).toEqual([]);
      webSocket.socket.destroy();
    });
  });

  describe("the model server behind it", () => {
    const invocations = `${host("models")}/diabetes/invocations`;
    const withToken = (claims: object, address = invocations) => {
      const authorization = `Bearer ${platform.issuer.idToken(claims)}`;
      return visitor.ask(address, { method: "POST", headers: { authorization }, body: "{}" });
    };
    const ada = { sub: "1", email: "ada@example.com", email_verified: true };

    test("accepts a program with an ID token", async () => {
      expect((await withToken(ada)).status).toBe(200);
    });

    // SECURITY.md: An address that the provider says nothing about is not verified, unless
    // `oidcRequireVerifiedEmail` is false.
    test("without `requireVerifiedEmail` accepts an issuer without the claim, but not one that denies it", async () => {
      const trusting = `${host("trusting")}/diabetes/invocations`;
      const statusOf = async (email_verified?: boolean) =>
        (await withToken({ ...ada, email_verified }, trusting)).status;
      expect([await statusOf(), await statusOf(true), await statusOf(false)]).toEqual([
        200, 200, 401,
      ]);
    });

    test.each([
      ["for another client", { aud: "another" }, 401],
      ["of another issuer", { iss: "https://evil.example.org" }, 401],
      ["that has expired", { exp: 1_700_000_000 }, 401],
      ["of someone else's domain", { email: "eve@example.org" }, 403],
      ["of an address that is not verified", { email_verified: false }, 401],
      ["that says nothing about its address", { email_verified: undefined }, 403],
    ])("refuses a token %s", async (_case, claims, status) => {
      expect((await withToken({ ...ada, ...claims })).status).toBe(status);
    });

    const examples = readFileSync(join(checkoutRoot, "docs/how-to/call-a-model.md"), "utf8");
    const example = (language: string, after: string) =>
      examples.split(after)[1]!.split(`\`\`\`${language}\n`)[1]!.split("\n```")[0]!;
    const runExample = async (command: string, code: string) => {
      const { stdout } = await promisify(execFile)(command, ["-c", code], {
        env: {
          PATH: process.env["PATH"],
          CURL_CA_BUNDLE: platform.certificate,
          TOKEN_URL: `${platform.issuer.url}/token`,
          REFRESH_TOKEN: platform.issuer.refreshToken,
          CLIENT_ID: client.id,
          CLIENT_SECRET: client.secret,
          MODEL_URL: `http://127.0.0.1:${platform.ports.get(`models.${domain}`)}/diabetes/invocations`,
        },
      });
      return stdout;
    };

    test("accepts the example program of the page about calling a model", async () => {
      const python = await environment("mlflow");
      const said = await runExample(python, example("python", "## With Python"));
      expect(said).toContain("'method': 'POST', 'url': '/invocations'");
    });

    const withCurl = which("curl") && which("jq") ? test : test.skip;
    withCurl("takes the same with curl", async () => {
      const said = await runExample("sh", example("sh", "## With curl"));
      expect(JSON.parse(said)).toMatchObject({ method: "POST", url: "/invocations" });
    });

    test("is reached only by its name", async () => {
      const of = (path: string) => withToken(ada, `${host("models")}${path}`);
      const { url } = JSON.parse((await of("/diabetes/invocations?a=b")).body) as { url: string };
      expect(url).toBe("/invocations?a=b");
      expect((await of("/another/invocations")).status).toBe(404);
      expect((await of("/invocations")).status).toBe(404);
    });

    test("refuses a program without one", async () => {
      expect((await visitor.ask(invocations, { method: "POST", body: "{}" })).status).toBe(401);
    });
  });
}
