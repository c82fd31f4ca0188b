import { host, mlflow, type PlatformBehindLogin } from "./support/platform.ts";
import type { Visitor } from "./support/visitor.ts";

const search = `${mlflow}/api/2.0/mlflow/experiments/search?max_results=1`;

/** What people and programs meet at the apps themselves once the login has let them through, or has not. */
export function describeApps(now: () => { platform: PlatformBehindLogin; visitor: Visitor }): void {
  let platform: PlatformBehindLogin;
  let visitor: Visitor;
  beforeEach(() => void ({ platform, visitor } = now()));
  const loggedIn = () => visitor.logIn(`${host("models")}/`);

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

    test("takes changes from its own page, and from no other", async () => {
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

    test("a program without the cookie is told 401, not sent to a page, whatever its password", async () => {
      expect((await visitor.ask(search)).status).toBe(401);
      expect((await visitor.ask(search, { headers: platform.admin })).status).toBe(401);
    });

    test("an ID token does not open it: a request has one Authorization, and it is MLflow's", async () => {
      const token = platform.issuer.idToken({ sub: "1", email: "ada@example.com" });
      const authorization = `Bearer ${token}`;
      expect((await visitor.ask(search, { headers: { authorization } })).status).toBe(401);
    });
  });

  describe("the model server behind it", () => {
    const invocations = `${host("models")}/invocations`;
    const withToken = (claims: object) => {
      const authorization = `Bearer ${platform.issuer.idToken(claims)}`;
      return visitor.ask(invocations, { method: "POST", headers: { authorization }, body: "{}" });
    };
    const ada = { sub: "1", email: "ada@example.com", email_verified: true };

    test("takes a program with an ID token", async () => {
      expect((await withToken(ada)).status).toBe(200);
    });

    test.each([
      ["for another client", { aud: "another" }, 401],
      ["of another issuer", { iss: "https://evil.example.org" }, 401],
      ["that has expired", { exp: 1_700_000_000 }, 401],
      ["of somebody else's domain", { email: "eve@example.org" }, 403],
    ])("refuses a token %s", async (_case, claims, status) => {
      expect((await withToken({ ...ada, ...claims })).status).toBe(status);
    });

    test("refuses a program without one", async () => {
      expect((await visitor.ask(invocations, { method: "POST", body: "{}" })).status).toBe(401);
    });
  });
}
